# SPDX-License-Identifier: BSD-3-Clause
"""Where Ctrl-C acts, and what it ends, without any fit."""

import pickle
import signal
import threading
import time

import pytest

from skrln import _interrupts
from skrln._interrupts import (
    Calls,
    Scope,
    awaited_at_exit,
    check_cancelled,
    current_scope,
    deferred,
    in_scope,
    whole_fits,
)
from tests.faults._keys import in_thread, press_ctrl_c, wait_for


def test_interrupt_acts_at_the_end_of_the_body():
    @deferred()
    def body():
        press_ctrl_c()
        press_ctrl_c()
        done.append("body")

    done = []
    with pytest.raises(KeyboardInterrupt):
        body()
    assert done == ["body"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_interrupt_of_a_decorated_function_acts_after_it():
    @deferred()
    def call(k):
        press_ctrl_c()
        done.append(k)

    done = []
    for k in range(2):
        with pytest.raises(KeyboardInterrupt):
            call(k)
    assert done == [0, 1]


def test_interrupt_acts_at_the_end_of_the_outer_body():
    @deferred()
    def outer():
        deferred()(press_ctrl_c)()
        done.append("outer")

    done = []
    with pytest.raises(KeyboardInterrupt):
        outer()
    assert done == ["outer"]


def test_error_of_the_body_is_the_context_of_the_interrupt():
    @deferred()
    def body(press):
        press()
        raise ValueError("body")

    with pytest.raises(KeyboardInterrupt) as caught:
        body(press_ctrl_c)
    assert isinstance(caught.value.__context__, ValueError)
    with pytest.raises(ValueError, match="body"):
        body(int)


@pytest.mark.parametrize("handler", [signal.SIG_IGN, lambda *_: seen.append(1)])
def test_handler_of_the_user_stays(handler):
    before = signal.signal(signal.SIGINT, handler)
    try:
        seen.clear()
        with deferred():
            press_ctrl_c()
            assert not seen
        assert seen == [1] * callable(handler)
        assert signal.getsignal(signal.SIGINT) is handler
    finally:
        signal.signal(signal.SIGINT, before)


seen = []


def test_other_threads_change_no_handler():
    def body():
        with deferred():
            return signal.getsignal(signal.SIGINT)

    assert in_thread(body) is signal.default_int_handler


def test_scope_is_that_of_a_thread():
    assert current_scope() == Scope()
    with whole_fits():
        assert current_scope().whole
        assert in_thread(current_scope) == Scope()
        with in_scope(Scope(cancelled=lambda: True)), pytest.raises(KeyboardInterrupt):
            check_cancelled()
        check_cancelled()
    assert current_scope() == Scope()


def test_end_of_the_process_waits_for_fits_in_threads(monkeypatch):
    monkeypatch.setattr(_interrupts, "_is_exiting", threading.Event())
    entered, ended = threading.Event(), []

    def fit():
        with awaited_at_exit():
            entered.set()
            try:
                while True:
                    check_cancelled()
                    time.sleep(0.005)
            except KeyboardInterrupt:
                time.sleep(0.05)
                ended.append("fit")

    thread = threading.Thread(target=fit, daemon=True)
    thread.start()
    assert entered.wait(10)
    with awaited_at_exit():  # the main thread does not wait for itself
        _interrupts._end_threads()
        check_cancelled()
    assert ended == ["fit"]
    thread.join(10)


def test_calls_end_before_an_error_is_raised():
    calls, started, ended = Calls(), threading.Event(), []

    def call():
        assert current_scope().whole
        started.set()
        wait_for(current_scope().cancelled)
        ended.append("call")

    threading.Thread(target=calls.run, args=(call,), daemon=True).start()
    assert started.wait(10)
    with pytest.raises(ValueError, match="body"), calls.ended():
        raise ValueError("body")
    assert ended == ["call"]
    with pytest.raises(KeyboardInterrupt):  # a call that begins later
        calls.run(ended.append, "late")
    assert ended == ["call"]


def test_calls_end_with_those_around_them():
    with in_scope(Scope(cancelled=lambda: True)):
        calls = Calls()
    with pytest.raises(KeyboardInterrupt):
        in_thread(calls.run, int)


def test_calls_travel_to_other_processes():
    calls = pickle.loads(pickle.dumps(Calls()))
    assert calls.run(lambda: current_scope().whole)


def test_the_end_of_the_process_waits_for_the_outer_body():
    def fit():
        with awaited_at_exit():
            with awaited_at_exit():
                pass
            return threading.current_thread() in _interrupts._threads

    assert in_thread(fit)
    assert not _interrupts._threads


def test_threads_end_before_those_of_pools_are_joined(monkeypatch):
    """That is, not among the functions of atexit."""
    functions = []
    monkeypatch.setattr(threading, "_register_atexit", functions.append)
    _interrupts._register.__wrapped__()
    assert functions == [_interrupts._end_threads]


def test_second_interrupt_ends_the_wait_for_calls():
    calls, started, leave = Calls(), threading.Event(), threading.Event()

    def call():
        started.set()
        wait_for(current_scope().cancelled)
        press_ctrl_c()  # the main thread waits
        leave.wait(10)

    thread = threading.Thread(target=calls.run, args=(call,))
    thread.start()
    assert started.wait(10)
    with pytest.raises(KeyboardInterrupt), calls.ended():
        raise ValueError("body")
    assert thread.is_alive()
    leave.set()
    thread.join(10)
