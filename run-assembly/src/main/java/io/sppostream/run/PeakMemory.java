package io.sppostream.run;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The most memory that this process has had: heap, tensors and everything else, without its broker's process. */
final class PeakMemory {
    private static final Path STATUS = Path.of("/proc/self/status");
    private static final long KIB = 1024;

    private PeakMemory() {}

    /** Resident bytes at most, by the Linux kernel ({@code VmHWM}); null on other systems. */
    static @Nullable Long bytes() {
        try (Stream<String> status = Files.lines(STATUS)) {
            return status.filter(line -> line.startsWith("VmHWM:"))
                    .findFirst()
                    .map(line -> KIB * Long.parseLong(line.replaceAll("\\D", "")))
                    .orElse(null);
        } catch (IOException | UncheckedIOException e) {
            return null;
        }
    }
}
