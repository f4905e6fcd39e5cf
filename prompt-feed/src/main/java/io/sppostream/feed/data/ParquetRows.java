package io.sppostream.feed.data;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sppostream.log.UserException;
import java.io.IOException;
import java.nio.file.Path;
import org.apache.parquet.ParquetReadOptions;
import org.apache.parquet.column.page.PageReadStore;
import org.apache.parquet.conf.PlainParquetConfiguration;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.example.data.simple.convert.GroupRecordConverter;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.io.ColumnIOFactory;
import org.apache.parquet.io.LocalInputFile;
import org.apache.parquet.io.MessageColumnIO;
import org.apache.parquet.io.RecordReader;
import org.apache.parquet.schema.GroupType;
import org.apache.parquet.schema.LogicalTypeAnnotation;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.Type;

/**
 * Reads Parquet files row by row, as the JSON objects that they stand for: groups are objects, lists are arrays. Columns
 * are found by name, whatever their order. The classes of Hadoop that Parquet names are stubs of parquet-floor.
 */
final class ParquetRows {
    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

    private ParquetRows() {}

    /**
     * Reads all rows of a file.
     *
     * @throws UserException if it is damaged
     */
    static void read(Path path, DataFile.RowHandler rows) throws IOException {
        int number = 0;
        ParquetReadOptions options = ParquetReadOptions.builder(new PlainParquetConfiguration())
                .withCodecFactory(new ParquetCodecs())
                .build();
        try (ParquetFileReader reader = ParquetFileReader.open(new LocalInputFile(path), options)) {
            MessageType schema = reader.getFileMetaData().getSchema();
            MessageColumnIO columns = new ColumnIOFactory().getColumnIO(schema);
            for (PageReadStore pages = reader.readNextRowGroup(); pages != null; pages = reader.readNextRowGroup()) {
                RecordReader<Group> records = columns.getRecordReader(pages, new GroupRecordConverter(schema));
                for (long i = 0; i < pages.getRowCount(); i++) {
                    number++;
                    rows.row(number, object(records.read()));
                }
            }
        } catch (UserException e) {
            throw e;
        } catch (RuntimeException e) {
            // Parquet throws many kinds of them, from its decoders too.
            throw new UserException("dataset " + path + " can't be read as Parquet, row " + (number + 1) + ": "
                    + (e.getMessage() == null ? e : e.getMessage()));
        }
    }

    private static ObjectNode object(Group group) {
        GroupType type = group.getType();
        ObjectNode object = NODES.objectNode();
        for (int field = 0; field < type.getFieldCount(); field++) {
            Type fieldType = type.getType(field);
            object.set(
                    fieldType.getName(),
                    fieldType.isRepetition(Type.Repetition.REPEATED) ? repeated(group, field) : optional(group, field));
        }
        return object;
    }

    private static JsonNode optional(Group group, int field) {
        return group.getFieldRepetitionCount(field) == 0 ? NODES.nullNode() : value(group, field, 0);
    }

    private static ArrayNode repeated(Group group, int field) {
        ArrayNode array = NODES.arrayNode();
        for (int i = 0; i < group.getFieldRepetitionCount(field); i++) {
            array.add(value(group, field, i));
        }
        return array;
    }

    private static JsonNode value(Group group, int field, int index) {
        Type type = group.getType().getType(field);
        if (!type.isPrimitive()) {
            Group nested = group.getGroup(field, index);
            return type.getLogicalTypeAnnotation() instanceof LogicalTypeAnnotation.ListLogicalTypeAnnotation
                    ? list(nested)
                    : object(nested);
        }
        return switch (type.asPrimitiveType().getPrimitiveTypeName()) {
            case BOOLEAN -> NODES.booleanNode(group.getBoolean(field, index));
            case INT32 -> NODES.numberNode(group.getInteger(field, index));
            case INT64 -> NODES.numberNode(group.getLong(field, index));
            case FLOAT -> NODES.numberNode(group.getFloat(field, index));
            case DOUBLE -> NODES.numberNode(group.getDouble(field, index));
            case BINARY -> NODES.textNode(group.getBinary(field, index).toStringUsingUTF8());
            case FIXED_LEN_BYTE_ARRAY, INT96 -> NODES.textNode(group.getValueToString(field, index));
        };
    }

    /**
     * The elements of a list. Its group holds one repeated field: the elements themselves in old files, and otherwise a
     * group around each, whose only field the writers of Parquet call element, item or array_element.
     */
    private static ArrayNode list(Group list) {
        Type element = list.getType().getType(0);
        if (element.isPrimitive()
                || element.asGroupType().getFieldCount() != 1
                || element.getName().equals("array")
                || element.getName().endsWith("_tuple")) {
            return repeated(list, 0);
        }
        ArrayNode array = NODES.arrayNode();
        for (int i = 0; i < list.getFieldRepetitionCount(0); i++) {
            array.add(optional(list.getGroup(0, i), 0));
        }
        return array;
    }
}
