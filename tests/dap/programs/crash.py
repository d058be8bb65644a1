import os

print("about to crash")
os.abort()
