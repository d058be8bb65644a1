import os

print(os.path.dirname(os.__file__))
