import jinja2

env = jinja2.Environment(
    loader=jinja2.DictLoader({
        "base": "<title>{% block title %}none{% endblock %}</title>{% block body %}{% endblock %}",
        "page": "{% extends 'base' %}{% block title %}{{ super() }}: {{ title|upper }}{% endblock %}"
                "{% block body %}{% for k, v in items|dictsort if v %}{{ loop.index }}/{{ loop.length }} {{ k }}={{ v }}"
                "{{ ', ' if not loop.last }}{% else %}empty{% endfor %}{% include 'part' %}{% endblock %}",
        "part": "[{{ title|default('?') }} {{ missing|default('missing') }}]",
        "macros": "{% macro field(name, value='', type='text') -%}<input name={{ name }} value={{ value|e }} type={{ type }}>"
                  "{%- endmacro %}{{ field('a', '<b>') }}{{ field('p', type='password') }}"
                  "{% set ns = namespace(total=0) %}{% for i in range(5) %}{% set ns.total = ns.total + i %}{% endfor %}{{ ns.total }}",
    }),
    autoescape=True, trim_blocks=True, undefined=jinja2.StrictUndefined,
)
env.filters["twice"] = lambda s: s * 2
env.tests["even_length"] = lambda s: len(s) % 2 == 0
print(env.get_template("page").render(title="a & b", items={"x": 1, "y": 0, "z": "<z>"}))
print(env.get_template("page").render(title="t", items={}))
print(env.get_template("macros").render())
for source in [
    "{{ 'ab'|twice }} {{ 'ab' is even_length }} {{ [3,1,2]|sort|join('-') }} {{ 3.14159|round(2) }}",
    "{% filter upper %}text {{ 1 + 2 * 3 ** 2 // 4 }}{% endfilter %}",
    "{% for row in [1,2,3,4,5]|batch(2, 0) %}{{ row }}{% endfor %} {{ {'a': [1, {'b': 2}]}.a[1].b }}",
    "{% raw %}{{ not }}{% endraw %} {# gone #}{{ '%05.1f'|format(2.25) }} {{ 'x y z'.split()|map('upper')|list }}",
    "{{ nothing }}", "{% for x in %}", "{{ 1 / 0 }}", "{% if a %}", "{{ x|no_filter }}",
]:
    try:
        print(env.from_string(source).render())
    except (jinja2.TemplateError, ZeroDivisionError) as e:
        print(type(e).__name__, e, getattr(e, "lineno", None))
