package io.sppostream.feed.data;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.zip.GZIPInputStream;
import org.apache.parquet.bytes.ByteBufferInputStream;
import org.apache.parquet.bytes.BytesInput;
import org.apache.parquet.compression.CompressionCodecFactory;
import org.apache.parquet.conf.PlainParquetConfiguration;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.apache.parquet.hadoop.util.HadoopCodecs;

/** The compressions of Parquet files: those that Parquet implements itself, and gzip, which it leaves to Hadoop. */
final class ParquetCodecs implements CompressionCodecFactory {
    private final CompressionCodecFactory own = HadoopCodecs.newFactory(new PlainParquetConfiguration(), 0);

    @Override
    public BytesInputCompressor getCompressor(CompressionCodecName codec) {
        throw new UnsupportedOperationException("only reads");
    }

    @Override
    public BytesInputDecompressor getDecompressor(CompressionCodecName codec) {
        return switch (codec) {
            case UNCOMPRESSED, SNAPPY, ZSTD, LZ4_RAW -> own.getDecompressor(codec);
            case GZIP -> new Gzip();
            case LZO, BROTLI, LZ4 ->
                throw new IllegalArgumentException(
                        "compression " + codec + " is not supported: zstd, snappy, gzip and" + " lz4_raw are");
        };
    }

    @Override
    public void release() {
        own.release();
    }

    /** Decompresses pages. */
    private static final class Gzip implements BytesInputDecompressor {
        @Override
        public BytesInput decompress(BytesInput bytes, int decompressedSize) throws IOException {
            try (GZIPInputStream in = new GZIPInputStream(bytes.toInputStream())) {
                return BytesInput.from(in.readNBytes(decompressedSize));
            }
        }

        @Override
        public void decompress(ByteBuffer input, int compressedSize, ByteBuffer output, int decompressedSize)
                throws IOException {
            try (GZIPInputStream in = new GZIPInputStream(ByteBufferInputStream.wrap(input))) {
                output.put(in.readNBytes(decompressedSize));
            }
        }

        @Override
        public void release() {}
    }
}
