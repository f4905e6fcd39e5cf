package io.sppostream.evaluation;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.sppostream.log.LogException;
import io.sppostream.log.UserException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The samples of one benchmark, as JSON Lines. A sample is appended when it is complete, so that an evaluation that was
 * killed finds it again. A last line without a line feed was torn by the kill and is removed when the file is opened.
 *
 * <p>Thread-safe. One process at a time may have a file open.
 */
public final class SampleFile implements AutoCloseable {
    private static final ObjectMapper JSON = JsonMapper.builder()
            .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .build();

    private final FileChannel channel;
    private final Map<SampleId, SampleRecord> samples;

    /**
     * Identifies a sample.
     *
     * @param problem id of the problem
     * @param sample index of the sample
     */
    private record SampleId(String problem, int sample) {}

    private SampleFile(FileChannel channel, Map<SampleId, SampleRecord> samples) {
        this.channel = channel;
        this.samples = samples;
    }

    /**
     * Opens a file; creates it if it is missing.
     *
     * @throws UserException if a line other than a torn last one is not a sample, or the file cannot be written
     */
    public static SampleFile open(Path file) {
        try {
            Map<SampleId, SampleRecord> samples = new LinkedHashMap<>();
            long complete = Files.exists(file) ? read(file, samples) : 0;
            FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            channel.truncate(complete).position(complete);
            return new SampleFile(channel, samples);
        } catch (IOException e) {
            throw new UserException("the samples can't be kept in " + file + ": " + LogException.reason(e));
        }
    }

    /** Reads the complete lines; returns their length in bytes. */
    private static long read(Path file, Map<SampleId, SampleRecord> samples) throws IOException {
        byte[] bytes = Files.readAllBytes(file);
        int begin = 0;
        int line = 0;
        for (int end = 0; end < bytes.length; end++) {
            if (bytes[end] == '\n') {
                line++;
                try {
                    SampleRecord sample =
                            JSON.readValue(new String(bytes, begin, end - begin, UTF_8), SampleRecord.class);
                    samples.putIfAbsent(new SampleId(sample.problem(), sample.sample()), sample);
                } catch (JsonProcessingException | RuntimeException e) {
                    throw new UserException(file + ", line " + line
                            + " is not a sample: remove the line to have it sampled again, or give another --out");
                }
                begin = end + 1;
            }
        }
        return begin;
    }

    /** The sample of a problem; null if it is not in the file. */
    synchronized @Nullable SampleRecord get(String problem, int sample) {
        return samples.get(new SampleId(problem, sample));
    }

    /** Appends a sample. */
    synchronized void add(SampleRecord sample) {
        try {
            ByteBuffer line = ByteBuffer.wrap((JSON.writeValueAsString(sample) + "\n").getBytes(UTF_8));
            while (line.hasRemaining()) {
                channel.write(line);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("a sample can't be written", e);
        }
        samples.put(new SampleId(sample.problem(), sample.sample()), sample);
    }

    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
