"""The reports that people read."""

from __future__ import annotations

import base64
import hashlib
import re
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser

import pytest

from harness import report, report_files, report_frames, summary
from harness.catalogue import Case, Requirement
from harness.outcomes import Outcome, Run, Step, Verdict, outcome_of
from harness.report import html_report
from harness.report_markdown import markdown_matrix
from harness.summary import reasons, tally
from simulators.wiretap import Crossing

START = datetime(2026, 3, 2, 7, 0, tzinfo=UTC)
RUN = Run("Lindenbackend 3", issued=START, facts=(("Seed", "17"),))
REQUIREMENTS = [
    Requirement("ABC-01", "must", "card", "Energy is counted."),
    Requirement("ABC-02", "must", "card", "Files arrive."),
    Requirement("XYZ-01", "should", "", "Nobody asked for this."),
]


def crossing(minute: int, sender: str, receiver: str, text: str, wire: str = "ocpp1.6") -> Crossing:
    """Give a crossing some minutes after the start."""
    return Crossing(START + timedelta(minutes=minute), wire, sender, receiver, text)


def verdict(outcome: Outcome = Outcome.PASSED, **more: object) -> Verdict:
    """Give a verdict on ABC-01, unless told otherwise."""
    told: dict[str, object] = {
        "requirements": ("ABC-01",),
        "feature": "ABC Energy",
        "scenario": "A day is counted",
        "outcome": outcome,
        **more,
    }
    return Verdict(**told)  # type: ignore[arg-type]


class Page(HTMLParser):
    """Reads a page and notes what a browser would need of it."""

    VOID = frozenset({"meta", "link", "input", "circle", "path", "use", "br"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.scripts: list[str] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note ids and links, and that the element is open."""
        if tag not in self.VOID:
            self.open.append(tag)
        for name, value in attrs:
            self.attributes.append((name, value or ""))
            if name == "id":
                self.ids.append(value or "")
            if name == "href" and tag == "a":
                self.links.append(value or "")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take an element that closes itself; only the drawings have them."""
        assert tag in self.VOID

    def handle_endtag(self, tag: str) -> None:
        """Close the element that was opened last, and no other."""
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Collect the words, and the scripts apart."""
        (self.scripts if self.open and self.open[-1] == "script" else self.words).append(data)

    @property
    def text(self) -> str:
        """What is read on the page."""
        return " ".join(" ".join(self.words).split())


def page_of(*verdicts: Verdict, run: Run = RUN) -> Page:
    """Give the page of some verdicts."""
    return Page(html_report(run, REQUIREMENTS, verdicts))


class TestOutcome:
    """The verdict on a requirement."""

    @pytest.mark.parametrize(
        ("outcomes", "whole"),
        [
            ([], Outcome.NOT_ASKED),
            ([Outcome.PASSED, Outcome.NOT_APPLICABLE], Outcome.PASSED),
            ([Outcome.PASSED, Outcome.NOT_ASKED], Outcome.NOT_ASKED),
            ([Outcome.NOT_APPLICABLE, Outcome.NOT_ASKED], Outcome.NOT_ASKED),
            ([Outcome.PASSED, Outcome.NOT_YET_COVERED], Outcome.NOT_YET_COVERED),
            ([Outcome.NOT_YET_COVERED, Outcome.NOT_APPLICABLE], Outcome.NOT_YET_COVERED),
            ([Outcome.PASSED, Outcome.EXPECTED_FAILURE], Outcome.EXPECTED_FAILURE),
            ([Outcome.PASSED, Outcome.ERROR, Outcome.EXPECTED_FAILURE], Outcome.ERROR),
            ([Outcome.ERROR, Outcome.FAILED], Outcome.FAILED),
        ],
    )
    def test_is_the_worst_of_its_scenarios(self, outcomes: list[Outcome], whole: Outcome) -> None:
        """One scenario that fails is enough; without any, nothing is claimed."""
        assert outcome_of(outcomes) is whole


class TestHeadline:
    """The first sentence."""

    def test_an_interrupted_run_decides_nothing(self) -> None:
        """What passed before is shown, and how many were run; the run has not passed."""
        verdicts = [Verdict(("ISE-02",), "f", "a", Outcome.PASSED)]
        verdicts.append(Verdict(("ISE-02",), "f", "b", Outcome.NOT_ASKED))
        run = Run("a backend", interrupted=True)

        page = html_report(run, REQUIREMENTS, verdicts)

        assert "Interrupted after 1 of 2 scenarios; nothing is decided" in page

    def test_a_requirement_shown_in_part_is_said_to_be(self) -> None:
        """A passed requirement of which a scenario is declared not applicable is named as such."""
        verdicts = [Verdict(("ISE-02",), "f", "a", Outcome.PASSED)]
        verdicts.append(Verdict(("ISE-02",), "f", "b", Outcome.NOT_APPLICABLE))

        page = html_report(Run("a backend"), REQUIREMENTS, verdicts)

        assert "1 only in part, as some scenarios are declared not applicable" in page

    @pytest.mark.parametrize(
        ("verdicts", "said"),
        [
            ([verdict()], "Passed: 1 requirement shown. 2 not asked in this run."),
            (
                [verdict(), verdict(Outcome.FAILED, requirements=("ABC-02",))],
                "1 of 2 requirements did not pass. 1 scenario to look at. 1 not asked",
            ),
            ([verdict(Outcome.ERROR)], "1 of 1 requirement did not pass."),
            (
                [verdict(Outcome.FAILED, requirements=()), verdict(requirements=("ABC-02",))],
                "0 of 1 requirement did not pass. 1 scenario to look at.",
            ),
            (
                [verdict(), verdict(Outcome.EXPECTED_FAILURE, requirements=("ABC-02",))],
                "Passed: 1 of 2 requirements shown. 1 declared to fail, 1 not asked in this run.",
            ),
            ([verdict(Outcome.NOT_APPLICABLE)], "Nothing was shown: no scenario passed and none"),
            ([], "Nothing was shown: no scenario passed and none failed. 3 not asked in this run."),
        ],
    )
    def test_says_the_result(self, verdicts: list[Verdict], said: str) -> None:
        """It tells of requirements, and what it does not tell of is said beside it."""
        assert said in page_of(*verdicts).text


class TestPage:
    """The HTML file as a whole."""

    def test_needs_nothing_but_itself(self) -> None:
        """No address of another host, one script, and a policy that lets only that one run."""
        text = html_report(RUN, REQUIREMENTS, [verdict()])
        page = Page(text)

        assert not re.findall(r"(?:https?:)?//[a-z]", text)
        assert not [value for name, value in page.attributes if name in ("src", "onclick")]
        (script,) = page.scripts
        digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
        policy = next(value for name, value in page.attributes if "default-src" in value)
        assert policy == (
            "default-src 'none'; img-src data:; style-src 'unsafe-inline'; "
            f"script-src 'sha256-{digest}'"
        )

    def test_is_the_same_for_the_same_verdicts(self) -> None:
        """Nothing in the file depends on the machine or the moment."""
        verdicts = [verdict(evidence=(crossing(0, "WB", "backend", '[2,"1","Heartbeat",{}]'),))]

        assert html_report(RUN, REQUIREMENTS, verdicts) == html_report(RUN, REQUIREMENTS, verdicts)

    def test_every_link_leads_somewhere(self) -> None:
        """From tiles, marks and tags to requirements and scenarios, also to unknown ones."""
        page = page_of(
            verdict(requirements=("ABC-01", "ABC-01", "ABC-02")),
            verdict(Outcome.FAILED, requirements=("NEW-07",), feature="Other"),
        )

        assert {link.removeprefix("#") for link in page.links} <= set(page.ids)
        assert {"r-ABC-01", "r-NEW-07", "s1", "s2", "f1", "f2"} <= set(page.ids)
        assert len(page.ids) == len(set(page.ids))
        assert "the list of requirements does not have it" in page.text

    def test_head_tells_what_was_tested(self) -> None:
        """Target, date, own facts, evidence and time stand in the head."""
        page = page_of(
            verdict(
                evidence=(crossing(0, "WB", "backend", "[]"),),
                files=(("a.csv", "x"),),
                simulated=(START, START + timedelta(days=1, minutes=75)),
                duration_s=0.25,
            )
        )

        assert (
            "System under test Lindenbackend 3 Issued 2 March 2026, 07:00 UTC Seed 17" in page.text
        )
        assert "Binding requirements 1 of 2 shown" in page.text
        assert (
            "Evidence 1 frame, 1 delivered file Time 1 d 1 h 15 min simulated in 0.2 s" in page.text
        )

    def test_without_a_date_none_is_made_up(self) -> None:
        """A report that was not issued at a known instant names none."""
        assert "Issued" not in page_of(verdict(), run=Run("x")).text

    def test_without_requirements_and_scenarios_it_still_is_a_page(self) -> None:
        """Nothing at all is said in words."""
        text = Page(html_report(RUN, [], [])).text

        assert "No requirements." in text
        assert "No scenario was part of this run." in text

    def test_what_comes_from_outside_is_text(self) -> None:
        """No title, message, frame or file can add an element or turn the line."""
        evil = '</script><script>alert("1")</script>\u202e\x00&<b>\ud800'
        page = page_of(
            verdict(
                Outcome.FAILED,
                feature=evil,
                scenario=evil,
                requirements=(evil,),
                message=evil,
                steps=(Step(evil, evil, Outcome.FAILED),),
                evidence=(crossing(0, evil, "backend", f'[2,"1","{evil}",{{}}]'),),
                files=((evil, evil), ("b.csv", f"a;{evil}\n1;2")),
                where=evil,
                recording=evil,
            ),
            run=Run(evil, title=evil, facts=((evil, evil),)),
        )

        assert len(page.scripts) == 1
        assert not {"\u202e", "\x00", "\ud800"} & set(page.text)
        assert not [value for _, value in page.attributes if "\u202e" in value]
        assert 'alert("1")</script>' in page.text
        assert "<U+202E> <U+0000> &<b> <U+D800>" in page.text

    def test_marks_have_words(self) -> None:
        """A verdict is told by its form and its name, not by its colour alone."""
        page = page_of(*(verdict(outcome) for outcome in Outcome))

        labels = {value for name, value in page.attributes if name == "aria-label"}
        assert set(Outcome) <= labels
        assert "Scenarios: 1 passed, 1 failed, 1 error" in " ".join(labels)


class TestScenario:
    """One scenario on the page."""

    def test_tells_its_steps_and_its_circumstances(self) -> None:
        """Steps in order, then the seed, the span, the time and the recording."""
        page = page_of(
            verdict(
                Outcome.FAILED,
                seed=17,
                steps=(
                    Step("Given", "a charger", Outcome.PASSED),
                    Step("Then", "it counts", Outcome.FAILED),
                ),
                message="counted 1 kWh\n  expected 2 kWh",
                duration_s=0.5,
                simulated=(START, START + timedelta(hours=2)),
                where="abc.feature:3",
                recording="a-day.jsonl",
            )
        )

        assert (
            "counted 1 kWh expected 2 kWh abc.feature:3 seed 17 simulated 2 March 2026, 07:00 – "
            "09:00 UTC (2 h) 0.50 s recording a-day.jsonl Given a charger Then it counts"
        ) in page.text

    def test_a_long_message_is_cut(self) -> None:
        """The page says how much it leaves out."""
        page = page_of(verdict(Outcome.ERROR, message="x" * (report.MESSAGE_CHARS_MAX + 5)))

        assert "… 5 more characters, not shown" in page.text
        assert "x" * summary.SNIPPET_CHARS not in page.text.partition("Requirements at a")[0]

    def test_what_did_not_pass_stands_first_and_open(self) -> None:
        """Failures are listed at the top; only some stand open, so that a bad day can be read."""
        bad = [verdict(Outcome.FAILED, message="why") for _ in range(report.OPEN_MAX + 5)]
        text = html_report(RUN, REQUIREMENTS, [verdict(), *bad])

        assert text.index("What did not pass") < text.index("Requirements at a glance")
        assert len(re.findall(r'<details class="sc [^>]* open>', text)) == report.OPEN_MAX

    def test_what_was_declared_is_listed_with_its_reason(self) -> None:
        """Expected failures and what is not applicable are told, or that no reason was given."""
        page = page_of(
            verdict(Outcome.NOT_APPLICABLE, message="no gateway in it"),
            verdict(Outcome.EXPECTED_FAILURE),
        )

        listed = page.text.partition("What was declared beforehand")[2]
        assert "A day is counted ABC-01 no gateway in it" in listed
        assert "no reason was given" in listed


class TestFrames:
    """What crossed the wires, on the page."""

    def test_are_told_with_time_direction_and_what_they_answer(self) -> None:
        """The device stands to the left, the payload is shown as it was sent."""
        page = page_of(
            verdict(
                evidence=(
                    crossing(0, "backend", "WB", '[2, "1" ,"Reset",{"type":"Hard"}]'),
                    crossing(1, "WB", "backend", '[3,"1",{"v":1.50}]'),
                    crossing(2, "WB", "backend", '[2,"1","Heartbeat",{}]'),
                    crossing(3, "backend", "WB", '[4,"1","NotSupported","so",{}]'),
                    crossing(4, "backend", "WB", '[3,"9",{}]'),
                    crossing(5, "Anna", "WB", '{"verb":"plug in"}', "hand"),
                    crossing(6, "WB", "backend", "[2,cut"),
                    crossing(7, "WB", "backend", "[7,1,2]"),
                )
            )
        )

        lines = page.text.partition("crossed the wires: 8 frames")[2]
        assert 'Monday, 2 March 2026 07:00:00.000 WB ← backend Reset {"type":"Hard"} [2' in lines
        assert '07:01:00.000 WB → backend answer to Reset {"v":1.50} [3' in lines
        assert '07:03:00.000 WB ← backend answer to Heartbeat: NotSupported "so",{} [4' in lines
        assert '07:04:00.000 WB ← backend answer [3,"9",{}]' in lines
        assert '07:05:00.000 Anna → WB hand {"verb":"plug in"}' in lines
        assert "07:06:00.000 WB → backend ocpp1.6 [2,cut" in lines
        assert "07:07:00.000 WB → backend ocpp1.6 [7,1,2]" in lines

    def test_that_decided_are_marked_and_never_folded_away(self) -> None:
        """In a long scenario the deciding frames and their neighbours are seen at once."""
        frames = tuple(
            crossing(i, "WB", "backend", f'[2,"{i}","Heartbeat",{{}}]') for i in range(2000)
        )
        page = page_of(verdict(evidence=frames, deciding=(frames[1000], frames[1999])))

        assert "2,000 frames, 2 of them decided the verdict" in page.text
        assert page.text.count("◆ decides") == 3, "two frames and the words that explain the mark"
        left_out = [
            int(n.replace(",", "")) for n in re.findall(r"([\d,]+) frames? not shown", page.text)
        ]
        assert sum(left_out) == 2000 - report.FRAMES_MAX

    def test_days_are_told_where_they_change(self) -> None:
        """A fold does not swallow the day above the frames after it."""
        frames = tuple(crossing(i * 60, "WB", "backend", "[]") for i in range(48))
        page = page_of(verdict(evidence=frames, deciding=(frames[0], frames[47])))

        listed = page.text.partition("The frames, one by one")[2]
        assert listed.count("Wednesday, 4 March 2026") == 2

    def test_of_a_large_run_are_fewer(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """So that the page stays usable, down to a floor."""
        frames = tuple(crossing(i, "WB", "backend", "[]") for i in range(100))

        monkeypatch.setattr(report, "FRAMES_IN_PAGE", 100)

        page = page_of(*(verdict(evidence=frames) for _ in range(10)))

        assert page.text.count("WB → backend") == 10 * report.FRAMES_MIN

    def test_that_decided_in_great_number_show_both_ends(self) -> None:
        """Even where everything decided, the page keeps its limit."""
        assert report_frames.chosen([True] * 100, 10) == {0, 1, 2, 3, 4, 95, 96, 97, 98, 99}

    def test_long_ones_are_cut(self) -> None:
        """A frame of a megabyte is not put on the page."""
        frame = crossing(0, "WB", "backend", "[" + "x" * (report_frames.FRAME_CHARS_MAX + 99))

        assert "100 more characters, not shown" in page_of(verdict(evidence=(frame,))).text

    def test_deep_ones_are_shown_as_text(self) -> None:
        """JSON that nests too deep to be read is a text like another."""
        frame = crossing(0, "WB", "backend", "[" * 100_000)

        assert "ocpp1.6 [[[" in page_of(verdict(evidence=(frame,))).text


class TestFiles:
    """Delivered files, on the page."""

    def test_with_cells_are_a_table(self) -> None:
        """Cells stand as in the file; the first line is the head where it has no numbers."""
        text = html_report(
            RUN, REQUIREMENTS, [verdict(files=(("a.csv", "code;kWh\r\nCH1;1.50\r\nCH2;\r\n"),))]
        )

        assert '<th scope="col">code</th><th scope="col">kWh</th>' in text
        assert '<tr><td>CH1</td><td class="n">1.50</td></tr><tr><td>CH2</td><td></td></tr>' in text
        assert "3 lines, 26 characters" in text

    def test_without_head_have_none(self) -> None:
        """A first line with numbers is a row."""
        text = html_report(RUN, REQUIREMENTS, [verdict(files=(("a", "CH1,1\nCH2,2"),))])

        assert '<tr><td>CH1</td><td class="n">1</td></tr>' in text

    def test_of_another_kind_are_shown_as_they_are(self) -> None:
        """Text is text, and long text is cut."""
        page = page_of(
            verdict(files=(("a.xml", "<a/>\n<b/>"), ("b", "y" * (report_files.FILE_CHARS_MAX + 1))))
        )

        assert "2 delivered files" in page.text
        assert "<a/> <b/>" in page.text
        assert "1 more characters, not shown" in page.text

    def test_with_many_lines_are_cut(self) -> None:
        """The rows left out are counted."""
        rows = "a;b\n" + "1;2\n" * (report_files.FILE_ROWS_MAX + 7)

        assert "7 lines more, not shown" in page_of(verdict(files=(("a", rows),))).text


class TestMarkdown:
    """The matrix as Markdown."""

    def test_is_a_matrix_with_what_did_not_pass_above(self) -> None:
        """Counts, failures with their first line, then a row a requirement."""
        text = markdown_matrix(
            RUN,
            REQUIREMENTS,
            [
                verdict(),
                verdict(Outcome.FAILED, scenario="Pipes | and <b>\nlines", message="\n why\nmore"),
            ],
        )

        assert text.startswith(
            "# Conformance report: Lindenbackend 3\n\n❌ **1 of 1 requirement did"
        )
        assert "| ❌ failed | 1 | 1 |" in text
        assert "- ❌ ABC-01 – Pipes \\| and &lt;b&gt; lines: why\n" in text
        assert (
            "| ABC-01 | must | ❌ failed | Energy is counted. | "
            "✅ A day is counted<br>❌ Pipes \\| and &lt;b&gt; lines |\n"
        ) in text
        assert "| XYZ-01 | should | ⚪ not asked | Nobody asked for this. | – |\n" in text

    def test_without_failures_has_no_list_of_them(self) -> None:
        """A clean run is short."""
        text = markdown_matrix(RUN, REQUIREMENTS, [verdict()])

        assert "What did not pass" not in text
        assert "✅ **Passed: 1 requirement shown.** 2 not asked in this run.\n" in text


CASES = [
    Case("TC_001_CS", "charge-point", "Cold Boot <A>"),
    Case("TC_002_CS", "charge-point", "Cold Boot - Pending", ("socket", "cache")),
    Case("TC_003_CS", "charge-point", "Plugin First"),
    Case("TC_085_CS", "charge-point", "Basic Authentication", ("security profile 1 or 2",)),
    Case("TC_001_CSMS", "central-system", "Cold Boot"),
]


class TestCases:
    """The compliance cases of a run."""

    FRAME = crossing(0, "WB-1", "backend", "[2,")
    VERDICTS = (
        verdict(cases=("TC_001_CS",), evidence=(FRAME,), scenario="TC_001_CS"),
        verdict(Outcome.NOT_APPLICABLE, cases=("TC_002_CS",), message="no <cache>\nmore"),
        verdict(Outcome.NOT_YET_COVERED, cases=("TC_085_CS",), message="no profiles"),
        verdict(Outcome.NOT_APPLICABLE, message="no cases"),
    )

    def test_are_counted_by_side(self) -> None:
        """A side of which something was asked is told whole; one of which nothing was is not."""
        (side,) = tally(CASES, self.VERDICTS)

        assert [
            ("TC_001_CS", Outcome.PASSED, 1),
            ("TC_002_CS", Outcome.NOT_APPLICABLE, 2),
            ("TC_003_CS", Outcome.NOT_ASKED, 0),
            ("TC_085_CS", Outcome.NOT_YET_COVERED, 3),
        ] == [(row.case.id, row.outcome, row.number) for row in side.rows]
        assert (
            "charge-point: 4 cases: 1 passed, 1 not applicable, 1 not yet covered, 1 not asked"
            == side.told()
        )
        assert {
            (Outcome.NOT_APPLICABLE, "no <cache>"): 1,
            (Outcome.NOT_YET_COVERED, "no profiles"): 1,
        } == side.reasons

    def test_that_are_declared_are_counted_by_reason(self) -> None:
        """Declared outcomes only, cases or not."""
        assert {
            (Outcome.NOT_APPLICABLE, "no <cache>"): 2,
            (Outcome.NOT_YET_COVERED, "no profiles"): 1,
            (Outcome.NOT_APPLICABLE, "no cases"): 1,
        } == reasons([*self.VERDICTS, self.VERDICTS[1]])

    def test_have_a_table_in_the_page(self) -> None:
        """Each with its verdict and the way to its evidence; the counts by reason above."""
        page = Page(html_report(RUN, REQUIREMENTS, self.VERDICTS, CASES))

        assert "cases-charge-point" in page.ids
        assert "cases-central-system" not in page.ids
        assert "1 not applicable: no <cache>" in page.text
        assert "TC_001_CS Cold Boot <A> passed 1 frame" in page.text
        assert "Cold Boot - Pending needs: socket, cache not applicable 0 frames" in page.text
        assert "TC_003_CS Plugin First not asked –" in page.text
        assert {"#s1", "#s2", "#s3"} <= set(page.links)

    def test_are_left_out_where_none_was_asked(self) -> None:
        """A run of other scenarios says nothing of cases."""
        other = [verdict(message="")]

        assert [] == tally(CASES, other)
        assert "Compliance cases" not in html_report(RUN, REQUIREMENTS, other, CASES)
        assert "Compliance cases" not in markdown_matrix(RUN, REQUIREMENTS, other, CASES)

    def test_have_a_table_in_the_matrix(self) -> None:
        """Markdown has the same counts and verdicts."""
        matrix = markdown_matrix(RUN, REQUIREMENTS, self.VERDICTS, CASES)

        assert "## Compliance cases, charge-point\n\ncharge-point: 4 cases: 1 passed" in matrix
        assert "- ➖ 1 not applicable: no &lt;cache&gt;\n" in matrix
        assert "| TC\\_085\\_CS | Basic Authentication | 🚧 not yet covered |\n" in matrix

    def test_that_are_not_covered_leave_their_requirement_so(self) -> None:
        """What is not yet covered is never counted as passed, and fails nothing."""
        page = Page(html_report(RUN, REQUIREMENTS[:1], self.VERDICTS[:3], CASES))

        assert "Nothing was shown" not in page.text
        assert "Passed: 1 scenario, and no requirement as a whole." in page.text
        assert "1 not yet covered as a whole" in page.text


class TestFieldFaults:
    """Rows of the catalogue, by their number."""

    VERDICTS = (
        verdict(scenario="F33 A zero", faults=("F33",)),
        verdict(scenario="F01 A <number>", faults=("F01",)),
        verdict(Outcome.FAILED, scenario="F33 Another zero", faults=("F33",)),
    )

    def test_have_a_table_in_the_page(self) -> None:
        """In the order of their numbers, each as bad as the worst of its scenarios."""
        page = Page(html_report(RUN, REQUIREMENTS, self.VERDICTS))

        assert "faults" in page.ids
        assert "F01 A <number> passed" in page.text
        assert "F33 A zero F33 Another zero failed" in page.text
        assert {"#s1", "#s2", "#s3"} <= set(page.links)

    def test_have_a_table_in_the_matrix(self) -> None:
        """Markdown has the same rows."""
        matrix = markdown_matrix(RUN, REQUIREMENTS, self.VERDICTS)

        assert "## Field faults\n" in matrix
        assert "| F33 | F33 A zero<br>F33 Another zero | ❌ failed |" in matrix
        assert matrix.index("| F01 |") < matrix.index("| F33 |")

    def test_are_left_out_where_none_was_asked(self) -> None:
        """A run of other scenarios says nothing of them."""
        assert "Field faults" not in html_report(RUN, REQUIREMENTS, [verdict()])
        assert "Field faults" not in markdown_matrix(RUN, REQUIREMENTS, [verdict()])
