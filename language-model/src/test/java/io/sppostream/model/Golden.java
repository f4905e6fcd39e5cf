package io.sppostream.model;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** A checkpoint, and what transformers computes with it. */
record Golden(Path directory, JsonNode json) {

    /** The project's own, one for each architecture, or that in the directory {@code golden.dir}. */
    static List<Golden> all() {
        String other = System.getProperty("golden.dir");
        return other == null
                ? Stream.of("qwen2-tiny", "qwen3-tiny", "llama3-rope")
                        .map(name -> open(Path.of("src/test/resources/golden", name)))
                        .toList()
                : List.of(open(Path.of(other)));
    }

    private static Golden open(Path directory) {
        try {
            return new Golden(
                    directory, new ObjectMapper().readTree(Files.readAllBytes(directory.resolve("golden.json"))));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public String toString() {
        return directory.getFileName().toString();
    }

    Checkpoint checkpoint() {
        return Checkpoint.open(directory);
    }

    static int[] ints(JsonNode array) {
        int[] values = new int[array.size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = array.get(i).asInt();
        }
        return values;
    }

    static float[] floats(JsonNode array) {
        float[] values = new float[array.size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) array.get(i).asDouble();
        }
        return values;
    }

    static List<int[]> intRows(JsonNode array) {
        List<int[]> rows = new ArrayList<>();
        array.forEach(row -> rows.add(ints(row)));
        return rows;
    }

    static List<float[]> floatRows(JsonNode array) {
        List<float[]> rows = new ArrayList<>();
        array.forEach(row -> rows.add(floats(row)));
        return rows;
    }
}
