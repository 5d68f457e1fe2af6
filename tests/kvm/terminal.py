#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""terminal.py BUILD_DIR [NAME...]: minivmm as a job on a terminal, and the terminal afterwards.

The test is the terminal: it holds the other end of a pseudo-terminal. A process between is the shell: it has the terminal
as its controlling one, and starts, stops and continues the job as shells do. Prints `PASS name`, `FAIL name: why`, or
`SKIP name: why` for all without /dev/kvm.
"""
import ctypes
import fcntl
import os
import select
import signal
import subprocess
import sys
import tempfile
import termios
import time

LIMIT = 30  # seconds that anything may take; nothing waits for time to pass
LFLAG = 3   # of what tcgetattr() returns
SYS_TGKILL = 131 if os.uname().machine == 'aarch64' else 234


class Failed(Exception):
    pass


class Shell:
    """The session of a terminal with one job, `minivmm ARGS`."""

    def __init__(self, args, foreground=True, out=None, tostop=False):
        self.far, self.near = os.openpty()
        if tostop:
            mode = termios.tcgetattr(self.near)
            mode[LFLAG] |= termios.TOSTOP
            termios.tcsetattr(self.near, termios.TCSANOW, mode)
        self.before = termios.tcgetattr(self.near)
        self.said = b''
        self.orders, orders = os.pipe()[::-1]
        self.news, news = os.pipe()
        self.leader = os.fork()
        if not self.leader:
            os.close(self.far)
            os.close(self.orders)
            self.lead(args, foreground, out, orders, news)
        os.close(orders)
        os.close(news)
        self.job = int(self.hear())

    # ---- the process that is the shell ----

    def lead(self, args, foreground, out, orders, news):
        os.setsid()
        fcntl.ioctl(self.near, termios.TIOCSCTTY, 0)
        signal.signal(signal.SIGTTOU, signal.SIG_IGN)
        signal.signal(signal.SIGTSTP, signal.SIG_IGN)
        job = os.fork()
        if not job:
            os.setpgid(0, 0)
            if foreground:
                os.tcsetpgrp(self.near, os.getpid())
            for number in (signal.SIGTTOU, signal.SIGTSTP, signal.SIGHUP, signal.SIGPIPE, signal.SIGXFSZ):
                signal.signal(number, signal.SIG_DFL)
            os.dup2(self.near, 0)
            os.dup2(self.near if out is None else out, 1)
            os.dup2(self.near, 2)
            os.closerange(3, 64)
            os.execv(args[0], args)
        signal.signal(signal.SIGHUP, lambda number, frame: os.killpg(job, number))
        os.write(news, b'%d\n' % job)
        self.follow(job, orders, news)

    # Orders are letters: f puts the job into the foreground, b the shell itself.
    def follow(self, job, orders, news):
        while True:
            pid, status = os.waitpid(job, os.WUNTRACED | os.WNOHANG)
            if pid:
                os.write(news, b'%d\n' % status)
                if not os.WIFSTOPPED(status):
                    os._exit(0)
                os.tcsetpgrp(self.near, os.getpid())
            if select.select([orders], [], [], 0.02)[0]:
                order = os.read(orders, 1)
                if not order:
                    os.kill(job, signal.SIGKILL)
                    os._exit(0)
                os.tcsetpgrp(self.near, job if order == b'f' else os.getpid())
                os.killpg(job, signal.SIGCONT)
                os.write(news, b'done\n')

    # ---- what the test does ----

    def hear(self):
        if not select.select([self.news], [], [], LIMIT)[0]:
            raise Failed('no news of the job')
        line = b''
        while not line.endswith(b'\n'):
            line += os.read(self.news, 1)
        return line.decode().strip()

    def order(self, letter):
        os.write(self.orders, letter)
        expect(self.hear() == 'done', 'the shell did not obey')

    def read(self, wanted):
        end = time.monotonic() + LIMIT
        while wanted not in self.said:
            if time.monotonic() > end or not select.select([self.far], [], [], LIMIT)[0]:
                raise Failed(f'no {wanted!r} on the terminal')
            try:
                self.said += os.read(self.far, 4096)
            except OSError:
                raise Failed('the terminal was closed')

    def write(self, keys):
        os.write(self.far, keys)

    def mode(self):
        return termios.tcgetattr(self.near)

    def is_raw(self):
        return not self.mode()[LFLAG] & termios.ICANON

    def wait_raw(self):
        end = time.monotonic() + LIMIT
        while not self.is_raw():
            expect(time.monotonic() < end, 'the terminal is not in raw mode')
            time.sleep(0.02)

    def expect_as_before(self):
        expect(self.mode() == self.before, 'the terminal is not as it was')

    def expect_end(self, wanted):
        status = int(self.hear())
        ended = -os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.waitstatus_to_exitcode(status) \
            if os.WIFEXITED(status) else f'stopped by signal {os.WSTOPSIG(status)}'
        expect(ended == wanted, f'the end is {ended}, not {wanted}: {self.last_words()}')

    def last_words(self):
        while self.far >= 0 and select.select([self.far], [], [], 0)[0]:
            self.said += os.read(self.far, 4096)
        return self.said[-200:]

    def expect_stop(self, wanted):
        status = int(self.hear())
        expect(os.WIFSTOPPED(status) and os.WSTOPSIG(status) == wanted, f'not stopped: status {status:#x}')

    def close(self):
        os.close(self.orders)
        os.waitpid(self.leader, 0)
        for fd in (self.far, self.near, self.news):
            if fd >= 0:
                os.close(fd)


def expect(condition, why):
    if not condition:
        raise Failed(why)


def guest(check, *args):
    return [f'{build}/minivmm', '--kernel', f'{build}/kvm/endings.elf', '--append', check, '--grace', '0', *args]


# ---- the cases ----

def in_shell(case, check='sleep', args=(), **how):
    shell = Shell(guest(check, *args), **how)
    try:
        case(shell)
    finally:
        shell.close()


def dies_of(number, status):
    """Whatever the signal is, the terminal comes back first."""
    def case(shell):
        shell.read(b'sleeping')
        shell.wait_raw()
        os.kill(shell.job, number)
        shell.expect_end(status)
        shell.expect_as_before()
    in_shell(case)


def find_thread(process, name):
    """Threads come and go meanwhile, but not the one that is looked for."""
    for task in os.listdir(f'/proc/{process}/task'):
        try:
            with open(f'/proc/{process}/task/{task}/comm', encoding='ascii') as comm:
                if comm.read().strip() == name:
                    return int(task)
        except FileNotFoundError:
            pass
    raise Failed(f'there is no thread {name}')


# A vCPU's filter of system calls lets it put the terminal back, too.
def dies_in_vcpu():
    def case(shell):
        shell.read(b'sleeping')
        shell.wait_raw()
        ctypes.CDLL(None).syscall(SYS_TGKILL, shell.job, find_thread(shell.job, 'vcpu0'),
                                  int(signal.SIGSEGV))
        shell.expect_end(-signal.SIGSEGV)
        shell.expect_as_before()
    in_shell(case)


def stopped(continued):
    def case(shell):
        shell.read(b'sleeping')
        shell.wait_raw()
        os.kill(shell.job, signal.SIGTSTP)
        shell.expect_stop(signal.SIGTSTP)
        shell.expect_as_before()
        continued(shell)
    in_shell(case)


def ends_by_key(shell):
    shell.wait_raw()
    shell.write(b'\x01x')
    shell.expect_end(0)
    shell.expect_as_before()


def stop_and_foreground():
    def continued(shell):
        shell.order(b'f')
        ends_by_key(shell)
    stopped(continued)


# In the background a key is the shell's, and does not stop the job, which wants input no more.
def stop_and_background():
    def continued(shell):
        shell.order(b'b')
        shell.write(b'key\n')
        expect(os.read(shell.near, 10) == b'key\n', 'the key was taken from the shell')
        shell.expect_as_before()
        os.kill(shell.job, signal.SIGTERM)
        shell.expect_end(143)
        shell.expect_as_before()
    stopped(continued)


def stop_background_foreground():
    def continued(shell):
        shell.order(b'b')
        shell.order(b'f')
        ends_by_key(shell)
    stopped(continued)


def background_then_foreground():
    def case(shell):
        shell.read(b'sleeping')
        shell.expect_as_before()
        shell.order(b'f')
        ends_by_key(shell)
    in_shell(case, foreground=False)


# The terminal asks that jobs in the background be stopped when they write.
def background_tostop():
    def case(shell):
        shell.expect_end(0)
        shell.expect_as_before()
    in_shell(case, 'poweroff', foreground=False, tostop=True)


def hangup():
    def case(shell):
        shell.read(b'sleeping')
        os.close(shell.far)
        os.close(shell.near)
        shell.far = shell.near = -1
        shell.expect_end(129)
    in_shell(case)


def keys_of_job_control():
    """Ctrl-Z, Ctrl-C and Ctrl-\\ are the guest's."""
    def case(shell):
        shell.wait_raw()
        shell.write(b'\x1a\x03\x1cq')
        shell.read(b'\x1a\x03\x1c')
        shell.expect_end(0)
        shell.expect_as_before()
    in_shell(case, 'echo')


def output_elsewhere():
    """Where the guest's answers go to a file, the terminal stays the caller's: Ctrl-C ends."""
    reader, writer = os.pipe()

    def case(shell):
        os.close(writer)
        said = b''
        while b'sleeping' not in said:
            said += os.read(reader, 100)
        shell.expect_as_before()
        shell.write(b'\x03')
        shell.expect_end(130)
        shell.expect_as_before()
        os.close(reader)
    in_shell(case, out=writer)


# A volume of variables without any, for guests/bare/firmware.c.
VARIABLES = (bytes(16) + bytes.fromhex('8d2bf1ff96768b4ca9852747075b4f50') + (0x10000).to_bytes(8, 'little') +
             b'_FVH').ljust(0x10000, b'\xff')


def pipe_nonblocking():
    """Another program has switched O_NONBLOCK on in a pipe that is full: the guest waits, and nothing is lost."""
    near, far = os.pipe()
    fcntl.fcntl(far, fcntl.F_SETPIPE_SZ, 4096)
    os.set_blocking(far, False)
    with tempfile.NamedTemporaryFile() as variables:
        variables.write(VARIABLES)
        variables.flush()
        process = subprocess.Popen([f'{build}/minivmm', '--memory', '128M', '--firmware',
                                    f'{build}/kvm/firmware.fd,vars={variables.name}'],
                                   stdin=subprocess.DEVNULL, stdout=far, stderr=subprocess.DEVNULL)
        os.close(far)
        waiting = bytes(4)
        while process.poll() is None and int.from_bytes(waiting, sys.byteorder) < 4096:
            waiting = fcntl.ioctl(near, termios.FIONREAD, waiting)
        time.sleep(0.2)  # time to lose something
        with open(near) as lines:
            said = [lines.readline() for _ in range(1000)]
        process.kill()
        process.wait()
    wanted = [f"{'+' if number else '='} {number:08x}\n" for number in range(1000)]
    wrong = [pair for pair in zip(said, wanted) if pair[0] != pair[1]]
    if wrong:
        raise Failed(f'{wrong[0][0]!r} in the place of {wrong[0][1]!r}')


def refused_start():
    def case(shell):
        shell.expect_end(1)
        shell.expect_as_before()
    in_shell(case, args=('--kernel', '/nonexistent'))


FATAL = {name: -getattr(signal, name) for name in (
    'SIGILL', 'SIGTRAP', 'SIGABRT', 'SIGFPE', 'SIGSEGV', 'SIGALRM', 'SIGXCPU', 'SIGPROF', 'SIGVTALRM', 'SIGIO', 'SIGPWR')}
ORDERLY = {'SIGHUP': 129, 'SIGINT': 130, 'SIGQUIT': 131, 'SIGTERM': 143}
CASES = {
    **{f'dies_of_{name}': lambda name=name, status=status: dies_of(getattr(signal, name), status)
       for name, status in {**ORDERLY, **FATAL}.items()},
    'dies_in_vcpu': dies_in_vcpu,
    'stop_and_foreground': stop_and_foreground,
    'stop_and_background': stop_and_background,
    'stop_background_foreground': stop_background_foreground,
    'background_then_foreground': background_then_foreground,
    'background_tostop': background_tostop,
    'hangup': hangup,
    'keys_of_job_control': keys_of_job_control,
    'output_elsewhere': output_elsewhere,
    'pipe_nonblocking': pipe_nonblocking,
    'refused_start': refused_start,
}


def run(name, case):
    if not os.access('/dev/kvm', os.R_OK | os.W_OK):
        print(f'SKIP terminal_{name}: no /dev/kvm here')
        return True
    try:
        case()
    except Failed as why:
        print(f'FAIL terminal_{name}: {why}')
        return False
    print(f'PASS terminal_{name}')
    return True


build = sys.argv[1]
wanted = sys.argv[2:] or list(CASES)
results = [run(name, CASES[name]) for name in wanted]
sys.exit(0 if all(results) else 1)
