package io.sppostream.evaluation;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;

/** Scores as a table in Markdown, a column for each benchmark and one for their mean, as papers print them. */
public final class ScoreTable {
    private static final double PERCENT = 100;

    private ScoreTable() {}

    /** The table; its columns are aligned, so that it reads well on a terminal, too. */
    public static String of(String model, EvaluationScores scores) {
        List<List<String>> rows = new ArrayList<>();
        List<BenchmarkScore> benchmarks = scores.benchmarks();
        rows.add(row(model + ", %", benchmarks, BenchmarkScore::benchmark, EvaluationScores.MEAN));
        for (String metric : BenchmarkScore.metricNames(scores.samples())) {
            rows.add(row(metric, benchmarks, score -> cell(score.metric(metric)), cell(scores.mean(metric))));
        }
        rows.add(share("cut off", "cut_off", PERCENT, benchmarks));
        rows.add(share("no answer", "no_answer", PERCENT, benchmarks));
        rows.add(share("tokens, mean", "response_tokens", 1, benchmarks));
        rows.add(row("problems", benchmarks, score -> String.valueOf(score.problems()), ""));
        return text(rows);
    }

    private static List<String> row(
            String first, List<BenchmarkScore> benchmarks, Function<BenchmarkScore, String> cell, String mean) {
        List<String> row = new ArrayList<>();
        row.add(first.replace("|", "\\|"));
        benchmarks.forEach(score -> row.add(cell.apply(score)));
        if (benchmarks.size() > 1) {
            row.add(mean);
        }
        return row;
    }

    private static List<String> share(String label, String name, double factor, List<BenchmarkScore> benchmarks) {
        return row(label, benchmarks, score -> number(factor * score.shares().getOrDefault(name, 0.0), 1), "");
    }

    private static String cell(Metric metric) {
        if (Double.isNaN(metric.value())) {
            return "-";
        }
        return number(PERCENT * metric.value(), 2)
                + (Double.isNaN(metric.standardError()) ? "" : " +- " + number(PERCENT * metric.standardError(), 2));
    }

    private static String number(double value, int digits) {
        return String.format(Locale.ROOT, "%." + digits + "f", value);
    }

    private static String text(List<List<String>> rows) {
        int columns = rows.get(0).size();
        int[] widths = new int[columns];
        for (List<String> row : rows) {
            for (int i = 0; i < columns; i++) {
                widths[i] = Math.max(widths[i], row.get(i).length());
            }
        }
        StringBuilder text = new StringBuilder();
        for (int r = 0; r < rows.size(); r++) {
            for (int i = 0; i < columns; i++) {
                String cell = rows.get(r).get(i);
                text.append(i == 0 ? "| " : " | ").append(cell).append(" ".repeat(widths[i] - cell.length()));
            }
            text.append(" |\n");
            if (r == 0) {
                for (int width : widths) {
                    text.append("|").append("-".repeat(width + 2));
                }
                text.append("|\n");
            }
        }
        return text.toString();
    }
}
