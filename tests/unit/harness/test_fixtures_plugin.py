"""The fixtures and the sentences as plugins of a pytest that is not ours."""

from __future__ import annotations

import pytest
from support.inner_pytest import SENTENCES

from harness.fixtures import MARKS

pytest_plugins = ["pytester"]

assert SENTENCES  # they are imported once, here, and not by each inner run


def run(
    pytester: pytest.Pytester, plugin: str, monkeypatch: pytest.MonkeyPatch, *options: str
) -> pytest.RunResult:
    """Run the tests that `pytester` holds, with a plugin of ours and strict about marks."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    pytester.makeconftest(f'pytest_plugins = ["{plugin}"]')
    # What this process has imported already cannot be rewritten, which nobody needs here.
    pytester.makeini(
        "[pytest]\nmarkers = mine: a mark of my own\nfilterwarnings = error\n"
        "    ignore::pytest.PytestAssertRewriteWarning\n"
    )
    told = ("--strict-markers", "-p", "no:cacheprovider", "-p", "pytest_bdd.plugin")
    return pytester.runpytest_inprocess(*told, *options)


class TestFixtures:
    """`harness.fixtures`."""

    def test_marks_give_arguments(
        self, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The mark of a fixture's name, at the test or at its class; fixtures share a site."""
        pytester.makepyfile(
            """
            import pytest

            @pytest.mark.inch("WB-1", register_wh=5)
            class TestMarks:
                def test_of_class(self, inch, site, make_inch):
                    assert ("WB-1", 5) == (inch.identity, inch.register_wh)
                    assert make_inch("WB-2").register_wh == 0

                @pytest.mark.inch(register_wh=7)
                @pytest.mark.site(start="2026-03-01 07:00", seed=3)
                def test_of_test(self, inch, site):
                    assert ("Dorfplatz", 7, 3) == (inch.identity, inch.register_wh, site.seed)
                    assert "2026-03-01 06:00" == f"{site.now:%Y-%m-%d %H:%M}"

            @pytest.mark.drop(user="ewa")
            @pytest.mark.reference_backend(stations=["WB-9"])
            def test_of_two(reference_backend, drop):
                assert "ewa" == drop.user
                assert reference_backend.metering_code("WB-9").startswith("CH")

            @pytest.mark.reference_backend({"account": [{"name": "EWA"}]})
            def test_settings_need_no_drop(reference_backend, site):
                assert "EWA" == reference_backend.backend.settings.accounts[0].name
                assert site._drop is None
            """
        )

        run(pytester, "harness.fixtures", monkeypatch).assert_outcomes(passed=4)

    def test_what_a_mark_cannot_say_is_told(
        self, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """By the mark and by what would take it."""
        pytester.makepyfile(
            """
            import pytest

            @pytest.mark.smart_gateway(lamp=1)
            def test_gateway(smart_gateway): ...

            @pytest.mark.site("2026")
            def test_site(site): ...
            """
        )

        result = run(pytester, "harness.fixtures", monkeypatch)
        result.assert_outcomes(errors=2)
        result.stdout.fnmatch_lines(
            [
                "*@pytest.mark.smart_gateway: got an unexpected keyword argument 'lamp'; it takes*",
                "*@pytest.mark.site: too many positional arguments; it takes what `Site` takes*",
            ]
        )

    def test_a_failure_shows_what_crossed(
        self, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Below it, and nothing below one whose site saw nothing."""
        pytester.makepyfile(
            """
            def test_with_frames(inch, reference_backend):
                inch.connect(reference_backend.address)
                assert not inch.is_connected

            def test_without(inch):
                assert inch.is_connected
            """
        )

        result = run(pytester, "harness.fixtures", monkeypatch)
        result.assert_outcomes(failed=2)
        told = result.stdout.str()
        assert 1 == told.count("what crossed the wires last")
        assert '[2,"1","BootNotification"' in told

    def test_a_mistake_beside_a_test_fails_it(
        self, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """What goes wrong in the loop while nobody looks is told when the test is over."""
        pytester.makepyfile(
            """
            import asyncio

            def test_it(site):
                loop = site.see(asyncio.get_running_loop)
                loop.call_soon_threadsafe(lambda: 1 / 0)
            """
        )

        result = run(pytester, "harness.fixtures", monkeypatch)
        result.assert_outcomes(passed=1, errors=1)
        result.stdout.fnmatch_lines(["*something failed beside the test*ZeroDivisionError*"])

    def test_adds_marks_and_no_option(
        self, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Options are for the projects themselves."""
        marks = run(pytester, "harness.fixtures", monkeypatch, "--markers").stdout.str()
        options = run(pytester, "harness.fixtures", monkeypatch, "--help").stdout.str()

        assert [] == [name for name in MARKS if f"@pytest.mark.{name}(" not in marks]
        assert "isebench" not in options
        assert "--evidence" not in options


class TestSentences:
    """`harness.sentences`."""

    def test_tags_of_the_project_are_its_own(
        self, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """They are marks to select by; those of our requirements and cases are ours."""
        pytester.path.joinpath("mine.feature").write_text(
            """
            Feature: Mine
              @mine
              Scenario: One
                Given the charger "Dorfplatz" is in service
                When the clock reaches 0:01
                Then 0 files arrive at EW Seedorf
              @ISE-03 @TC_003_CS
              Scenario: Two
                Given the charger "Dorfplatz" is in service
                When the clock reaches 0:01
                Then 0 files arrive at EW Seedorf
            """,
            encoding="utf-8",
        )
        pytester.makepyfile(
            "from pytest_bdd import scenarios\nscenarios('mine.feature', features_base_dir='.')"
        )

        mine = run(pytester, "harness.sentences", monkeypatch, "-m", "mine")
        ours = run(
            pytester,
            "harness.sentences",
            monkeypatch,
            *("-m", "requirement(id='ISE-03') and case(side='charge-point')"),
        )

        mine.assert_outcomes(passed=1, deselected=1)
        ours.assert_outcomes(passed=1, deselected=1)

    def test_a_coroutine_step_does_not_pass(
        self, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Nobody would await it, so it would always pass."""
        pytester.path.joinpath("mine.feature").write_text(
            "Feature: Mine\n  Scenario: One\n    Then a lamp shines\n", encoding="utf-8"
        )
        pytester.makepyfile(
            """
            from pytest_bdd import scenarios, then

            @then("a lamp shines")
            async def shines():
                assert False

            scenarios("mine.feature", features_base_dir=".")
            """
        )

        result = run(pytester, "harness.sentences", monkeypatch)
        result.assert_outcomes(failed=1)
        result.stdout.fnmatch_lines(["*the step 'a lamp shines' is a coroutine*"])
