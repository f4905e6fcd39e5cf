package io.sppostream.log;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.rocksdb.BlockBasedTableConfig;
import org.rocksdb.Options;

class BoundedRocksDbTest {
    private static Set<Path> libraries() throws IOException {
        try (Stream<Path> files = Files.list(Path.of(System.getProperty("java.io.tmpdir")))) {
            return files.filter(file -> file.getFileName().toString().contains("rocksdb"))
                    .collect(Collectors.toSet());
        }
    }

    @Test
    void shouldShareWriteBuffersAndLeaveNoLibraryBehindWhenStoresAreConfigured() throws IOException {
        Set<Path> before = libraries();
        BoundedRocksDb bounds = new BoundedRocksDb();
        try (Options a = new Options();
                Options b = new Options()) {
            for (Options options : new Options[] {a, b}) {
                options.setTableFormatConfig(new BlockBasedTableConfig());
                bounds.setConfig("store", options, Map.of());
            }
            assertThat(a.writeBufferManager()).isNotNull().isSameAs(b.writeBufferManager());
        }
        assertThat(libraries()).isSubsetOf(before);
    }
}
