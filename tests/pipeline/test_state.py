from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from edgevision.pipeline.state import State

WHATS = ("source yard", "engine", "store")
step = st.one_of(
    st.tuples(st.just("answered")),
    st.tuples(st.just("trouble"), st.sampled_from(WHATS), st.text(max_size=3)),
    st.tuples(st.just("mend"), st.sampled_from(WHATS)),
    st.tuples(st.just("fail"), st.text(max_size=3)),
)


def moved(state: State, one: tuple[str, ...]) -> State:
    match one:
        case ("trouble", what, why):
            return state.with_trouble(what, why)
        case ("mend", what):
            return state.without_trouble(what)
        case ("fail", why):
            return state.failed(why)
        case _:
            return state.answered()


@given(st.lists(step, max_size=30))
def test_the_state_says_what_happened_and_no_more(steps):
    state, open_troubles = State(), {}
    failures: list[str] = []
    begun = False
    for one in steps:
        before, state = state, moved(state, one)
        match one:
            case ("trouble", what, why):
                open_troubles[what] = why
            case ("mend", what):
                open_troubles.pop(what, None)
            case ("fail", why):
                failures.append(why)
            case _:
                begun = True
        assert (before.name != "failed") or state.name == "failed"
        assert dict(state.troubles) == open_troubles
        if failures:
            assert state.name == "failed"
            assert state.reasons[0] == failures[0]
        elif open_troubles:
            assert state.name == "degraded"
        else:
            assert state.name == ("healthy" if begun else "starting")
        told = [f"{what}: {why}" for what, why in open_troubles.items()]
        assert sorted(state.reasons) == sorted(failures[:1] + told)


@given(st.lists(step, max_size=30), st.sampled_from(WHATS))
def test_what_is_told_twice_changes_nothing(steps, what):
    state = State()
    for one in steps:
        state = moved(state, one)
        assert moved(state, one) == state
    assert state.without_trouble(what).without_trouble(what) == state.without_trouble(what)


@given(st.lists(step, max_size=30))
def test_every_trouble_that_is_mended_leads_back_to_health(steps):
    state = State()
    for one in steps:
        if one[0] != "fail":
            state = moved(state, one)
    for what in WHATS:
        state = state.without_trouble(what)
    assert state.answered().name == "healthy"


def test_nobody_can_change_a_state_from_outside():
    troubles = State().with_trouble("engine", "too hot").troubles

    try:
        troubles["engine"] = "cold"  # type: ignore[index]
    except TypeError:
        return
    raise AssertionError(troubles)
