# Positions: several lines, several bytes a character, odd spacing.
é = "ü"; naïve = (é +
    "ö")
result = function(
    first,
    keyword=second,
)[
    index
].attribute
if (a
    and b
    or c): pass
x = \
    1
def f(a,  # comment
      b=(1,
         2)): return a; 
class C: x = 1; 
	# a tab
def tabs():
	if é: return é.naïve(é)
	return 1
long = (a_very_long_name_that_makes_columns_beyond_what_one_byte_can_say + another_very_long_name_to_be_sure_that_it_does)
with (open(
    "f"
) as f): print(f); 
