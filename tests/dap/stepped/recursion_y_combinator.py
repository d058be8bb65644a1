fix = lambda f: (lambda x: x(x))(lambda x: f(lambda *args: x(x)(*args)))

factorial = fix(lambda self: lambda n: 1 if n == 0 else n * self(n - 1))
print(factorial(6))
