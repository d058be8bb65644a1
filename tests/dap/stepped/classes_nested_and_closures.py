def make(kind):
    class Local:
        tag = kind

        class Inner:
            value = len(kind)

            def show(self):
                return kind + str(self.value)

        def inner(self):
            return self.Inner()

        @classmethod
        def name(cls):
            return __class__.__qualname__

    return Local


for kind in ('a', 'bcd'):
    cls = make(kind)
    print(cls.tag, cls().inner().show(), cls.name())
