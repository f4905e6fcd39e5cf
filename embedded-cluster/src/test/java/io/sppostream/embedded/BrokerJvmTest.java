package io.sppostream.embedded;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BrokerJvmTest {
    @TempDir
    private Path cache;

    @Test
    void shouldKeepTheNewestListsOfJars() throws IOException {
        for (int i = 0; i < 30; i++) {
            Path list = Files.writeString(cache.resolve("class-path-" + i + ".txt"), "");
            Files.setLastModifiedTime(list, FileTime.fromMillis(1_000L * i));
        }
        BrokerJvm.ofThisProcess(cache);
        assertThat(lists()).hasSize(20).contains("class-path-29.txt").doesNotContain("class-path-0.txt");
        List<String> before = lists();
        BrokerJvm.ofThisProcess(cache);
        assertThat(lists()).isEqualTo(before);
    }

    private List<String> lists() throws IOException {
        try (Stream<Path> files = Files.list(cache)) {
            return files.map(file -> file.getFileName().toString())
                    .filter(name -> name.endsWith(".txt"))
                    .sorted()
                    .toList();
        }
    }
}
