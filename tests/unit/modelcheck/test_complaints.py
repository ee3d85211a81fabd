"""Why TLC gave up becomes one line that begins with a file and a line number."""

from __future__ import annotations

from pathlib import Path

from daybreak.modelcheck import complaints
from daybreak.modelcheck.messages import read

MODULE = Path("/s/M.tla")


def said(code: int, severity: int, text: str) -> str:
    return f"@!@!@STARTMSG {code}:{severity} @!@!@\n{text}\n@!@!@ENDMSG {code} @!@!@\n"


def test_the_innermost_place_of_an_evaluation_error_is_named() -> None:
    lines = "Parsing file /s/M.tla\nParsing file /s/N.tla\n" + said(2111, 1, "Evaluating failed.")
    lines += said(
        2103, 1, "positions:\n0. Line 1, column 2 to line 1, column 3 in M\n1. Line 7, column 1 to line 8 in N"
    )
    assert complaints.of_evaluation(read(lines), MODULE) == "/s/N.tla:7: Evaluating failed."


def test_a_place_in_the_message_itself_will_do() -> None:
    text = "Parsing file /s/N.tla\n" + said(2104, 1, "Assumption line 4, col 8 to line 4, col 16 of module N is false.")
    assert complaints.of_evaluation(read(text), MODULE).startswith("/s/N.tla:4: Assumption line 4")


def test_without_a_place_the_module_begins_the_line(tmp_path: Path) -> None:
    module = tmp_path / "M.tla"
    module.write_text("(* prose *)\n\n---- MODULE M ----\n====\n")
    assert complaints.of_evaluation(read(said(2109, 1, "Not specified.")), module) == f"{module}:3: Not specified."
    assert complaints.of_evaluation(read(""), module) == f"{module}:3: TLC gave no reason"


def test_of_what_java_says_only_the_exception_is_told(tmp_path: Path) -> None:
    module = tmp_path / "M.tla"
    module.write_text("---- MODULE M ----\n====\n")
    text = "TLC threw an unexpected exception.\nThis was probably\nThe exception was a java.lang.StackOverflowError\n"
    trace = "java.lang.StackOverflowError\n\tat tlc2.tool.Tool.eval(Tool.java:1)\n"
    assert (
        complaints.of_evaluation(read(said(1000, 1, text + trace)), module)
        == f"{module}:1: java.lang.StackOverflowError"
    )


def test_a_quoted_message_is_the_reason_and_names_a_line(tmp_path: Path) -> None:
    config = tmp_path / "M.cfg"
    config.write_text("INIT Init\n")
    quoted = "@!@!@STARTMSG 5006:0 @!@!@\nAt line 4 it was expecting\na keyword.\n@!@!@ENDMSG 5006 @!@!@"
    transcript = read(said(1000, 1, f"TLC threw an unexpected exception.\n: {quoted}"))
    assert complaints.of_config(transcript, config) == f"{config}:4: At line 4 it was expecting a keyword."


def test_the_line_of_a_configuration_is_the_one_with_the_name_that_is_wrong(tmp_path: Path) -> None:
    config = tmp_path / "M.cfg"
    config.write_text("\\* Gone is spoken of here\nINIT Init\nINVARIANT Fine\nINVARIANT Gone\n")
    transcript = read(said(2229, 1, "The invariant Gone specified in the configuration file is not defined."))
    assert complaints.of_config(transcript, config).startswith(f"{config}:4: The invariant Gone")


def test_a_semantic_error_is_placed_in_the_module_it_names() -> None:
    text = (
        "Parsing file /s/M.tla\nParsing file /s/N.tla\nSemantic processing of module N\nSemantic errors:\n\n"
        "*** Errors: 1\n\nline 4, col 13 to line 4, col 15 of module M\n\nUnknown operator: `foo'.\n"
    )
    assert complaints.of_parsing(read(text), MODULE) == "/s/M.tla:4: Unknown operator: `foo'."


def test_a_syntax_error_is_placed_in_the_file_that_was_being_parsed() -> None:
    text = 'Parsing file /s/M.tla\nParsing file /s/N.tla\n***Parse Error***\nEncountered "1" at line 7, column 15\n'
    assert complaints.of_parsing(read(text), MODULE).startswith('/s/N.tla:7: Encountered "1"')
