package io.sppostream.verify.math;

import java.lang.management.ManagementFactory;

/** The calling thread's own time: what a bound on work must be held against on a machine that does other things too. */
final class CpuClock {
    private CpuClock() {}

    static double millis(Runnable work) {
        long start = ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
        work.run();
        return (ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime() - start) / 1e6;
    }
}
