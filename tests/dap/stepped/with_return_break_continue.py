class Note:
    log = []

    def __enter__(self):
        self.log.append('in')

    def __exit__(self, *args):
        self.log.append('out')


def early(n):
    with Note():
        if n:
            return 'early'
    return 'late'


for i in range(4):
    with Note():
        if i == 1:
            continue
        if i == 2:
            break
print(early(0), early(1), Note.log)
