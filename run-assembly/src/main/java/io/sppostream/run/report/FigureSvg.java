package io.sppostream.run.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.apache.commons.text.StringEscapeUtils;

/**
 * The learning curve as a small SVG image: held-out accuracy and reward over the rollouts trained.
 *
 * <p>It follows the colour scheme of its reader, so that it can be read on a light and on a dark page, and its size does
 * not grow with the run. The image is text, written without AWT: a run must not fail at its end on a machine without
 * font libraries.
 */
final class FigureSvg {
    /** A measurement after a number of rollouts. */
    record Point(double rollouts, double value) {}

    private static final double LEFT = 48;
    private static final double RIGHT = 616;
    private static final double TOP = 64;
    private static final double BOTTOM = 288;

    /** A line with more points is drawn as the means of this many parts. */
    private static final int POINTS = 160;

    /** A line with more points is drawn without dots. */
    private static final int DOTS = 64;

    private static final int X_TICKS = 6;

    private FigureSvg() {}

    /**
     * Draws the image. Points whose value is NaN or infinite are skipped.
     *
     * @param template the image with a place for each of its parts
     * @param accuracy held-out accuracy in [0, 1], in order
     * @param reward mean reward of each batch in [0, 1], in order
     */
    static String draw(String template, String run, List<Point> accuracy, List<Point> reward) {
        List<Point> measured = finite(accuracy);
        List<Point> rewarded = means(finite(reward), POINTS);
        double end = Math.max(last(measured), last(finite(reward)));
        double scale = end > 0 ? end : 1;
        return template.replace("{{run}}", StringEscapeUtils.escapeXml10(run))
                .replace("{{result}}", result(measured))
                .replace("{{grid}}", yTicks() + xTicks(end))
                .replace("{{reward}}", path(rewarded, scale))
                .replace("{{accuracy}}", path(means(measured, POINTS), scale))
                .replace("{{dots}}", measured.size() > DOTS ? "" : dots(measured, scale));
    }

    /** Accuracy before and after. */
    private static String result(List<Point> accuracy) {
        return accuracy.isEmpty()
                ? "not judged"
                : String.format(
                        Locale.ROOT,
                        "%.3f to %.3f",
                        accuracy.get(0).value(),
                        accuracy.get(accuracy.size() - 1).value());
    }

    /** At most {@code parts} points: the means of neighbours, each part as long as the next. */
    static List<Point> means(List<Point> points, int parts) {
        if (points.size() <= parts) {
            return points;
        }
        List<Point> means = new ArrayList<>(parts);
        for (int part = 0; part < parts; part++) {
            int from = (int) ((long) part * points.size() / parts);
            int to = (int) ((part + 1L) * points.size() / parts);
            List<Point> neighbours = points.subList(from, to);
            means.add(new Point(
                    neighbours.stream().mapToDouble(Point::rollouts).average().orElseThrow(),
                    neighbours.stream().mapToDouble(Point::value).average().orElseThrow()));
        }
        return means;
    }

    /** The distance of ticks: 1, 2 or 5 times a power of ten, so that at most {@code ticks} of them fit below the end. */
    static double tickDistance(double end, int ticks) {
        double least = end / ticks;
        double power = Math.pow(10, Math.floor(Math.log10(least)));
        for (double factor : new double[] {1, 2, 5}) {
            if (factor * power >= least) {
                return factor * power;
            }
        }
        return 10 * power;
    }

    /** A number of rollouts in the space of a label: 500, 50k, 2.5M. */
    static String label(double rollouts) {
        if (rollouts >= 1e6) {
            return shortened(rollouts / 1e6) + "M";
        }
        return rollouts >= 1e3 ? shortened(rollouts / 1e3) + "k" : shortened(rollouts);
    }

    private static String shortened(double value) {
        return value == Math.rint(value)
                ? String.format(Locale.ROOT, "%.0f", value)
                : String.format(Locale.ROOT, "%.1f", value);
    }

    private static String yTicks() {
        StringBuilder ticks = new StringBuilder();
        for (int tick = 0; tick <= 5; tick++) {
            double value = tick / 5.0;
            String y = coordinate(y(value));
            ticks.append(String.format(
                    Locale.ROOT,
                    "<path d=\"M%s %sH%s\"/><text x=\"%s\" y=\"%s\" class=\"right\">%.1f</text>%n",
                    coordinate(LEFT),
                    y,
                    coordinate(RIGHT),
                    coordinate(LEFT - 8),
                    coordinate(y(value) + 5),
                    value));
        }
        return ticks.toString();
    }

    private static String xTicks(double end) {
        if (!(end > 0)) {
            return "";
        }
        StringBuilder ticks = new StringBuilder();
        double distance = tickDistance(end, X_TICKS);
        for (int tick = 0; tick * distance <= end; tick++) {
            ticks.append(String.format(
                    "<text x=\"%s\" y=\"%s\" class=\"middle\">%s</text>%n",
                    coordinate(x(tick * distance, end)), coordinate(BOTTOM + 20), label(tick * distance)));
        }
        return ticks.toString();
    }

    private static String path(List<Point> points, double scale) {
        return points.stream()
                .map(point -> coordinate(x(point.rollouts(), scale)) + " " + coordinate(y(point.value())))
                .collect(Collectors.joining("L", points.isEmpty() ? "" : "M", ""));
    }

    private static String dots(List<Point> points, double scale) {
        return points.stream()
                .map(point -> String.format(
                        "<circle cx=\"%s\" cy=\"%s\" r=\"3\"/>",
                        coordinate(x(point.rollouts(), scale)), coordinate(y(point.value()))))
                .collect(Collectors.joining(System.lineSeparator()));
    }

    private static double x(double rollouts, double scale) {
        return LEFT + (RIGHT - LEFT) * rollouts / scale;
    }

    private static double y(double value) {
        return BOTTOM - (BOTTOM - TOP) * Math.min(1, Math.max(0, value));
    }

    static String coordinate(double value) {
        return shortened(Math.round(10 * value) / 10.0);
    }

    private static List<Point> finite(List<Point> points) {
        return points.stream().filter(point -> Double.isFinite(point.value())).toList();
    }

    private static double last(List<Point> points) {
        return points.isEmpty() ? 0 : points.get(points.size() - 1).rollouts();
    }
}
