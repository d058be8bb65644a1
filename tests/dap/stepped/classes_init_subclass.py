class Plugin:
    plugins = {}

    def __init_subclass__(cls, /, name=None, **more):
        super().__init_subclass__(**more)
        cls.plugins[name or cls.__name__.lower()] = cls

    def run(self):
        return f'{type(self).__name__} runs'


class Fast(Plugin):
    pass


class Slow(Plugin, name='lazy'):
    def run(self):
        return 'slowly, ' + super().run()


for name, plugin in Plugin.plugins.items():
    print(name, plugin().run())
