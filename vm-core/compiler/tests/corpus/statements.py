import os, sys as system, a.b.c, a.b as ab
from math import (pi, tau as two_pi)
from . import sibling
from ..package.module import *


def loops(items):
    for i, (j, k) in items:
        if i:
            continue
        elif j:
            break
        else:
            pass
    else:
        print("done")
    while items:
        items.pop()
    else:
        return
    while True:
        if items: break
    while 0:
        unreachable()
    for _ in range(10): yield _
    for x in (1, 2, 3): x;


def conditions(a, b):
    if a:
        return 1
    elif b and not a or b:
        return 2
    if not a: x = 1
    else: x = 2
    assert a, "message"
    assert (b)
    if 1:
        y = 3
    if __debug__ and a:
        z = 1
    raise ValueError(a) from b


def exceptions():
    try:
        risky()
    except (ValueError, TypeError) as e:
        handle(e)
    except OSError:
        raise
    except:
        pass
    else:
        fine()
    finally:
        cleanup()
    try:
        group()
    except* ValueError as eg:
        print(eg)
    except* (TypeError, KeyError):
        raise RuntimeError
    for i in range(3):
        try:
            continue
        finally:
            print(i)
    try:
        return 1
    finally:
        try:
            raise
        except Exception, ArithmeticError:
            print()


def contexts():
    with open("f") as f, lock:
        return f.read()
    with (a as b, c as (d, e), f()):
        pass
    with x:
        with y: raise


global_name = 1


def scopes():
    global global_name
    global_name += 1
    del global_name
    if 0:
        global late
        late = 1
