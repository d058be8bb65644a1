class Tag:
    def __init__(self, name):
        self.name = name

    def __enter__(self):
        print(f'<{self.name}>')
        return self.name.upper()

    def __exit__(self, kind, value, traceback):
        print(f'</{self.name}>')


with Tag('a') as a:
    print(a)
    with Tag('b'):
        print('inside')
