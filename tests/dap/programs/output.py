import os
import sys

print("to stdout")
print("to stderr", file=sys.stderr)
print(os.environ.get("TAILSCOPE_TEST"), sys.argv[1:], os.path.basename(os.getcwd()))
print(repr(sys.stdin.read()))
print("unfinished", end="")
sys.exit(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
