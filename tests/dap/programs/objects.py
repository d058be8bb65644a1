"""Items and attributes that few of many instructions write, in ways of all sorts."""

import threading

table = {1: "a", "x": 0}
row = [0, 0]


class Mark:
    slot = 0

    def __del__(self):
        table["x"] = "ended"  # @finalizer


def work():
    table["x"] = "thread"  # @thread


def busy(count):
    total = 0
    for i in range(count):
        row[1] = i
        total += row[1] * len(row)
        table[f"key {i % 3}"] = total
    return total


def main():
    mark = Mark()  # @begin
    busy(50)
    del mark
    busy(50)
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    row[0] = 0  # @same
    busy(50)
    row.reverse()  # @native
    Mark.slot = 2  # @class_attribute
    table[1] = "b"  # @number
    del table["x"]  # @deleted
    row.clear()  # @cleared
    busy_row = [0, 0]
    row.extend(busy_row)  # @back
    busy(50)
    return len(table)  # @end


main()
