"""A month of payments from one account."""


class Account:
    def __init__(self, owner, balance):
        self.owner = owner
        self.balance = balance

    def withdraw(self, amount):
        if amount > self.balance:
            raise ValueError(f"{self.owner} has {self.balance}, which is less than {amount}")
        self.balance -= amount
        return amount


def with_fee(amount):
    fee = amount // 100
    return amount + fee


def pay(account, amounts):
    paid = 0
    for amount in amounts:
        paid += account.withdraw(with_fee(amount))
    return paid


account = Account("Ada", 1000)
print("paid", pay(account, [100, 200, 300]))
print("paid", pay(account, [250, 400, 500]))
