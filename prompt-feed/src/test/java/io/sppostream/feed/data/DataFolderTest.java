package io.sppostream.feed.data;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/** Reads every file of a folder of real datasets, {@code -Ddata.dir=FOLDER}, and prints what is in it. */
class DataFolderTest {
    @Test
    @EnabledIfSystemProperty(named = "data.dir", matches = ".+")
    void shouldReadEveryFile() throws Exception {
        List<Path> files;
        try (Stream<Path> listed = Files.list(Path.of(System.getProperty("data.dir")))) {
            files = listed.sorted().toList();
        }
        System.out.println(
                "| file | rows | problems | skipped | seconds | processor seconds |\n|---|---|---|---|---|---|");
        for (Path file : files) {
            FileDatasetSettings settings = new FileDatasetSettings(
                    DatasetSource.parse(file.toString()), List.of(), 0, RowFormat.USUAL, PromptLimit.NONE, true, true);
            ThreadMXBean threads = ManagementFactory.getThreadMXBean();
            long processor = threads.getCurrentThreadCpuTime();
            long start = System.nanoTime();
            FileRows rows = FileRows.read(file, "", settings);
            double seconds = (System.nanoTime() - start) / 1e9;
            double processorSeconds = (threads.getCurrentThreadCpuTime() - processor) / 1e9;
            System.out.printf(
                    Locale.ROOT,
                    "| %s | %,d | %,d | %s | %.2f | %.2f |%n",
                    file.getFileName(),
                    rows.rows().size() + rows.skippedRows(),
                    rows.rows().size(),
                    rows.describeSkipped(),
                    seconds,
                    processorSeconds);
            assertThat(rows.skippedRows()).isLessThan(rows.rows().size());
        }
        assertThat(files).isNotEmpty();
    }
}
