"""Variables, attributes, items and globals that are written."""


class Account:
    def __init__(self, owner):
        self.owner = owner
        self.balance = 0

    def pay(self, amount):
        self.balance += amount  # @attr_write


level = 0
settings = {"depth": 1}


def count(limit):
    total = 0  # @count_begin
    for i in range(limit):
        total += i  # @count_write
    return total  # @count_return


def shared():
    seen = 0  # @cell_begin

    def note():
        nonlocal seen
        seen += 1  # @cell_write

    note()
    return seen  # @cell_return


def change():
    global level
    level = 5  # @global_write
    globals()["level"] = 6  # @global_item
    settings["depth"] = 2  # @item_write
    settings.update(depth=3)  # @item_native
    setattr(account, "balance", 99)  # @attr_native
    return level  # @change_return


account = Account("ann")
count(3)  # @main_count
count(2)
shared()  # @main_shared
account.pay(10)  # @main_pay
change()  # @main_change
print(level, settings, account.balance)  # @main_print
