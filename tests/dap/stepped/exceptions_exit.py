import sys


def leave(status):
    try:
        sys.exit(status)
    finally:
        print('leaving')


try:
    leave(1)
except SystemExit as e:
    print('caught', e.code)
leave(3)
