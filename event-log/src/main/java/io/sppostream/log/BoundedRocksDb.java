package io.sppostream.log;

import java.util.Map;
import org.apache.kafka.streams.state.RocksDBConfigSetter;
import org.rocksdb.BlockBasedTableConfig;
import org.rocksdb.Cache;
import org.rocksdb.LRUCache;
import org.rocksdb.Options;
import org.rocksdb.RocksDB;
import org.rocksdb.WriteBufferManager;

/**
 * Bounds the memory of all state stores of a process together, whatever they hold. By default, each store of each
 * partition would take up to 98 MB outside of the heap.
 */
public final class BoundedRocksDb implements RocksDBConfigSetter {
    /** Blocks of data, indexes, filters and write buffers of all stores. */
    private static final long CACHE_BYTES = 128L << 20;

    /** Those of them that hold writes which are not in a file yet. */
    private static final long WRITE_BUFFER_BYTES = 64L << 20;

    private static final Cache CACHE;
    private static final WriteBufferManager WRITE_BUFFERS;

    static {
        RocksDB.loadLibrary();
        CACHE = new LRUCache(CACHE_BYTES);
        WRITE_BUFFERS = new WriteBufferManager(WRITE_BUFFER_BYTES, CACHE);
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
