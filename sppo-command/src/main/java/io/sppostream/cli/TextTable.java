package io.sppostream.cli;

import io.sppostream.run.report.TerminalText;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;

/** A table of text for the terminal. Each column is as wide as its widest cell; longer cells are cut. */
final class TextTable {
    private static final int WIDEST_CELL = 80;
    private static final String CUT = "...";

    private final List<List<String>> rows = new ArrayList<>();

    /** @param header names of the columns */
    TextTable(String... header) {
        rows.add(List.of(header));
    }

    /** Adds a row with one cell a column. */
    void add(Object... cells) {
        if (cells.length != rows.get(0).size()) {
            throw new IllegalArgumentException(
                    cells.length + " cells for " + rows.get(0).size() + " columns");
        }
        List<String> row = new ArrayList<>();
        for (Object cell : cells) {
            row.add(cut(TerminalText.printable(String.valueOf(cell))));
        }
        rows.add(row);
    }

    private static String cut(String cell) {
        return cell.length() <= WIDEST_CELL ? cell : cell.substring(0, WIDEST_CELL - CUT.length()) + CUT;
    }

    void print(PrintStream out) {
        int columns = rows.get(0).size();
        int[] widths = new int[columns];
        for (List<String> row : rows) {
            for (int i = 0; i < columns; i++) {
                widths[i] = Math.max(widths[i], row.get(i).length());
            }
        }
        for (List<String> row : rows) {
            StringBuilder line = new StringBuilder();
            for (int i = 0; i < columns; i++) {
                line.append(row.get(i)).append(" ".repeat(widths[i] - row.get(i).length() + 2));
            }
            out.println(line.toString().stripTrailing());
        }
    }
}
