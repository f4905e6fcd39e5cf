package io.sppostream.run;

import io.sppostream.run.report.Summary;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.lang.management.MemoryType;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The most memory that the processes of a run have had. */
final class PeakMemory {
    private static final long KIB = 1024;

    private PeakMemory() {}

    /** That of this process, of its heap, and of its broker, which still runs. */
    static Summary.Memory measure() {
        return new Summary.Memory(resident("self"), heap(), broker());
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
                .map(child -> Optional.ofNullable(resident(Long.toString(child.pid()))))
                .flatMap(Optional::stream)
                .max(Long::compare)
                .orElse(null);
    }

    /** Resident bytes of a process at most, by the Linux kernel ({@code VmHWM}); null on other systems. */
    private static @Nullable Long resident(String process) {
        try (Stream<String> status = Files.lines(Path.of("/proc", process, "status"))) {
            return status.filter(line -> line.startsWith("VmHWM:"))
                    .findFirst()
                    .map(line -> KIB * Long.parseLong(line.replaceAll("\\D", "")))
                    .orElse(null);
        } catch (IOException | UncheckedIOException e) {
            return null;
        }
    }
}
