package io.sppostream.log;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.kafka.streams.state.RocksDBConfigSetter;
import org.rocksdb.BlockBasedTableConfig;
import org.rocksdb.Cache;
import org.rocksdb.LRUCache;
import org.rocksdb.NativeLibraryLoader;
import org.rocksdb.Options;
import org.rocksdb.WriteBufferManager;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Bounds the memory of all state stores of a process together, whatever they hold. By default, each store of each
 * partition would take up to 98 MB outside of the heap.
 */
public final class BoundedRocksDb implements RocksDBConfigSetter {
    private static final Logger LOG = LoggerFactory.getLogger(BoundedRocksDb.class);

    /** Blocks of data, indexes, filters and write buffers of all stores. */
    private static final long CACHE_BYTES = 128L << 20;

    /** Those of them that hold writes which are not in a file yet. */
    private static final long WRITE_BUFFER_BYTES = 64L << 20;

    private static final Cache CACHE;
    private static final WriteBufferManager WRITE_BUFFERS;

    static {
        loadLibrary();
        CACHE = new LRUCache(CACHE_BYTES);
        WRITE_BUFFERS = new WriteBufferManager(WRITE_BUFFER_BYTES, CACHE);
    }

    /**
     * Loads the native library from a copy that is deleted at once. RocksDB deletes its own copy, of 15 MB, at the regular
     * end of a process only.
     */
    private static void loadLibrary() {
        try {
            Path directory = Files.createTempDirectory("sppo-rocksdb");
            NativeLibraryLoader.getInstance().loadLibrary(directory.toString());
            try (Stream<Path> files = Files.list(directory)) {
                for (Path file : files.toList()) {
                    Files.delete(file);
                }
            }
            Files.delete(directory);
        } catch (IOException e) {
            LOG.debug("the copy of RocksDB's native library remains until the process ends", e);
        }
    }

    @Override
    public void setConfig(String store, Options options, Map<String, Object> configuration) {
        BlockBasedTableConfig table = (BlockBasedTableConfig) options.tableFormatConfig();
        table.setBlockCache(CACHE);
        table.setCacheIndexAndFilterBlocks(true);
        table.setCacheIndexAndFilterBlocksWithHighPriority(true);
        table.setPinTopLevelIndexAndFilter(true);
        options.setTableFormatConfig(table);
        options.setWriteBufferManager(WRITE_BUFFERS);
    }

    /** Closes nothing: the cache is shared by all stores for as long as the process runs. */
    @Override
    public void close(String store, Options options) {}
}
