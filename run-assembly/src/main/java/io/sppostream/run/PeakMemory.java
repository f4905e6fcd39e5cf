package io.sppostream.run;

import io.sppostream.learn.ProcessMemory;
import io.sppostream.run.report.Summary;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.lang.management.MemoryType;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The most memory that the processes of a run have had. */
final class PeakMemory {
    private PeakMemory() {}

    /** That of this process, of its heap, and of its broker, which still runs. */
    static Summary.Memory measure() {
        return new Summary.Memory(ProcessMemory.peakResidentBytes("self"), heap(), broker());
    }

    /** Peaks of the generations, added up: at least the peak of the heap. */
    private static long heap() {
        return ManagementFactory.getMemoryPoolMXBeans().stream()
                .filter(pool -> pool.getType() == MemoryType.HEAP)
                .map(MemoryPoolMXBean::getPeakUsage)
                .mapToLong(usage -> usage.getUsed())
                .sum();
    }

    /** Resident bytes of the largest child process at most; null if there is none, or the system does not tell. */
    private static @Nullable Long broker() {
        return ProcessHandle.current()
                .children()
                .map(child -> Optional.ofNullable(ProcessMemory.peakResidentBytes(Long.toString(child.pid()))))
                .flatMap(Optional::stream)
                .max(Long::compare)
                .orElse(null);
    }
}
