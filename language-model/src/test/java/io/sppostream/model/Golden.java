package io.sppostream.model;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A checkpoint, and what transformers computes with it: the project's own, or that in the directory golden.dir. */
record Golden(Path directory, JsonNode json) {

    static Golden open() {
        Path directory = Path.of(System.getProperty("golden.dir", "src/test/resources/golden/qwen2-tiny"));
        try {
            return new Golden(
                    directory, new ObjectMapper().readTree(Files.readAllBytes(directory.resolve("golden.json"))));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
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
