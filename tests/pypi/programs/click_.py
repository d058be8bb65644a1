import click
from click.testing import CliRunner


@click.group(invoke_without_command=True)
@click.option("--verbose/--quiet", default=False, help="Say more.")
@click.version_option("1.2.3", prog_name="tool")
@click.pass_context
def cli(ctx, verbose):
    """A tool with commands."""
    ctx.obj = {"verbose": verbose}
    if ctx.invoked_subcommand is None:
        click.echo("nothing to do")


@cli.command()
@click.argument("names", nargs=-1, required=True)
@click.option("-n", "--count", type=click.IntRange(1, 5), default=1, show_default=True, help="How often.")
@click.option("--mood", type=click.Choice(["good", "bad"]), default="good")
@click.pass_obj
def greet(obj, names, count, mood):
    """Greets NAMES."""
    for name in names * count:
        click.secho(f"hello {name} ({mood}, {obj['verbose']})", fg="green")


@cli.command()
@click.option("--password", prompt=True, hide_input=True, confirmation_prompt=True)
@click.confirmation_option(prompt="Sure?")
def secret(password):
    click.echo(len(password))


@cli.command()
@click.argument("file", type=click.File("r"))
def read(file):
    with click.progressbar(list(file), label="lines") as bar:
        click.echo(sum(len(line) for line in bar))


runner = CliRunner()
for args, text in [
    ([], None), (["--help"], None), (["--version"], None), (["greet", "--help"], None),
    (["--verbose", "greet", "a", "b", "-n", "2"], None), (["greet"], None), (["greet", "x", "-n", "9"], None),
    (["greet", "x", "--mood", "ugly"], None), (["nothing"], None), (["secret"], "pw\npw\ny\n"),
    (["secret"], "pw\nother\npw\npw\nn\n"), (["read", "-"], "one\ntwo\n"), (["read", "/no/such/file"], None),
]:
    result = runner.invoke(cli, args, input=text)
    print(args, result.exit_code, repr(result.exception))
    print(result.output)
