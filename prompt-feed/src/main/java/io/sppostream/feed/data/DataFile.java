package io.sppostream.feed.data;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sppostream.log.UserException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.MalformedInputException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * A file of rows: JSON Lines, one JSON array of objects, or Parquet. The content says which, not the ending of the name.
 *
 * @param path the file
 * @param format how it is written
 */
record DataFile(Path path, Format format) {
    /** How a file is written. */
    enum Format {
        JSON_LINES("line"),
        JSON_ARRAY("row"),
        PARQUET("row");

        private final String unit;

        Format(String unit) {
            this.unit = unit;
        }
    }

    /** Takes the rows of a file in their order. Rows are counted from 1; those of JSON Lines by line. */
    interface RowHandler {
        /** A row. */
        void row(int number, JsonNode fields);

        /** A row that cannot be decoded; the message continues a sentence that begins with the row. */
        void malformed(int number, String message);
    }

    private static final byte[] PARQUET_MAGIC = {'P', 'A', 'R', '1'};
    private static final int BEGINNING = 4096;
    private static final ObjectMapper LINES = new ObjectMapper().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);
    private static final ObjectMapper ELEMENTS = new ObjectMapper();

    /**
     * Finds out how a file is written.
     *
     * @throws UserException if it cannot be read
     */
    static DataFile of(Path path) {
        try (InputStream in = Files.newInputStream(path)) {
            return new DataFile(path, format(in.readNBytes(BEGINNING)));
        } catch (IOException e) {
            throw unreadable(path, e);
        }
    }

    private static Format format(byte[] beginning) {
        if (Arrays.equals(beginning, 0, Math.min(4, beginning.length), PARQUET_MAGIC, 0, 4)) {
            return Format.PARQUET;
        }
        for (byte character : beginning) {
            if (!Character.isWhitespace(character)) {
                return character == '[' ? Format.JSON_ARRAY : Format.JSON_LINES;
            }
        }
        return Format.JSON_LINES;
    }

    /** A row by its number, for messages. */
    String row(int number) {
        return "dataset " + path + ", " + format.unit + " " + number;
    }

    /**
     * Reads all rows.
     *
     * @throws UserException if the file as a whole cannot be read
     */
    void read(RowHandler rows) {
        try {
            switch (format) {
                case JSON_LINES -> readLines(rows);
                case JSON_ARRAY -> readArray(rows);
                case PARQUET -> ParquetRows.read(path, rows);
            }
        } catch (MalformedInputException e) {
            throw new UserException("dataset " + path
                    + " is not UTF-8 text: it must be Parquet, JSON Lines (one object per line) or a JSON array of"
                    + " objects");
        } catch (IOException e) {
            throw unreadable(path, e);
        }
    }

    private void readLines(RowHandler rows) throws IOException {
        try (BufferedReader reader = Files.newBufferedReader(path)) {
            int number = 0;
            for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                number++;
                if (!line.isBlank()) {
                    readLine(number, line, rows);
                }
            }
        }
    }

    private static void readLine(int number, String line, RowHandler rows) {
        JsonNode fields;
        try {
            fields = LINES.readTree(line);
        } catch (JsonProcessingException e) {
            rows.malformed(number, "is not JSON: " + e.getOriginalMessage());
            return;
        }
        rows.row(number, fields);
    }

    private void readArray(RowHandler rows) throws IOException {
        int number = 0;
        try (BufferedReader reader = Files.newBufferedReader(path);
                JsonParser parser = ELEMENTS.createParser(reader)) {
            parser.nextToken();
            while (parser.nextToken() != JsonToken.END_ARRAY) {
                if (parser.currentToken() == null) {
                    throw new UserException(row(number + 1) + " is missing: the JSON array has no end");
                }
                JsonNode fields = parser.readValueAsTree();
                number++;
                rows.row(number, fields);
            }
            if (parser.nextToken() != null) {
                throw new UserException("dataset " + path + " has text after the end of its JSON array");
            }
        } catch (JsonProcessingException e) {
            throw new UserException(row(number + 1) + " is not JSON: " + e.getOriginalMessage());
        }
    }

    private static UserException unreadable(Path path, IOException e) {
        return new UserException("dataset " + path + " can't be read: "
                + (Files.exists(path) ? e.getMessage() : "there is no such file"));
    }
}
