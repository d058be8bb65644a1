class Key:
    def __init__(self, text):
        self.text = text

    def __hash__(self):
        return len(self.text)

    def __eq__(self, other):
        return self.text.lower() == other.text.lower()


table = {}
for word in ('one', 'two', 'ONE', 'three'):
    key = Key(word)
    table[key] = table.get(key, 0) + 1
print([(k.text, n) for k, n in table.items()], Key('TWO') in table)
