package io.sppostream.verify.math;

import java.lang.management.ManagementFactory;

/** Processor time of the calling thread, for bounds on work that hold on a busy machine too. */
final class CpuClock {
    private CpuClock() {}

    static double millis(Runnable work) {
        long start = ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
        work.run();
        return (ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime() - start) / 1e6;
    }
}
