class Temperature:
    def __init__(self, celsius):
        self._celsius = celsius

    @property
    def fahrenheit(self):
        return self._celsius * 9 / 5 + 32

    @fahrenheit.setter
    def fahrenheit(self, value):
        self._celsius = (value - 32) * 5 / 9

    @classmethod
    def freezing(cls):
        return cls(0)

    @staticmethod
    def is_cold(value):
        return value < 10


t = Temperature.freezing()
print(t.fahrenheit)
t.fahrenheit = 212
print(t._celsius, Temperature.is_cold(t._celsius))
try:
    del t.fahrenheit
except AttributeError:
    print('cannot be deleted')
