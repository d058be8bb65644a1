# Checks, and then acts: two threads may both find enough money, if one of them is interrupted
# in between. In CPython they are done long before it would do that.
import threading


class Account:
    def __init__(self):
        self.balance = 100

    def has(self, amount):
        return self.balance >= amount

    def withdraw(self, amount):
        self.balance -= amount


def spend(account):
    if account.has(100):
        account.withdraw(100)


def overdrawn():
    account = Account()
    threads = [threading.Thread(target=spend, args=(account,)) for _ in range(2)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    return account.balance < 0


if __name__ == "__main__":
    print("overdrawn" if overdrawn() else "fine")
