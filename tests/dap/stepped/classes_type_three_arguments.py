def area(self):
    return self.width * self.height


def init(self, width, height):
    self.width, self.height = width, height


Rectangle = type('Rectangle', (), {'__init__': init, 'area': area, 'sides': 4})
Square = type('Square', (Rectangle,), {'__init__': lambda self, side: init(self, side, side)})
print(Rectangle(2, 3).area(), Square(3).area(), Square.sides, isinstance(Square(1), Rectangle))
