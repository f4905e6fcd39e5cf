package io.sppostream.grade;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sppostream.feed.data.References;
import io.sppostream.verify.math.GradingProfile;
import io.sppostream.verify.math.MathGrader;
import io.sppostream.verify.math.ReferenceCheck;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Finds the references of a dataset that no response can be judged by. The output has an object for each, with {@code
 * line}, {@code reference}, {@code reason} and {@code detail}.
 */
public final class ReferenceQuarantine {
    private final MathGrader grader;
    private final List<String> fields;
    private int checked;
    private int unfit;

    /**
     * @param profile how to parse references
     * @param fields names of the field with the reference, in order of preference
     */
    public ReferenceQuarantine(GradingProfile profile, List<String> fields) {
        this.grader = new MathGrader(profile);
        this.fields = List.copyOf(fields);
    }

    /**
     * Checks references, in order.
     *
     * @param name name of the input in messages
     * @return the number of references checked and found unfit, in words
     * @throws io.sppostream.log.UserException if a line has no reference; the message names the line
     */
    public String check(String name, InputStream in, OutputStream out) {
        LineFilter.run(name, in, out, this::unfit);
        return String.format(Locale.ROOT, "%,d references checked, %,d not fit to judge by", checked, unfit);
    }

    private List<ObjectNode> unfit(int line, ObjectNode object) {
        List<ObjectNode> report = new ArrayList<>();
        for (String text : LineFilter.texts(object, fields)) {
            String reference = References.of(text);
            ReferenceCheck check = ReferenceCheck.check(grader, reference);
            checked++;
            if (!check.wellFormed()) {
                unfit++;
                report.add(LineFilter.object()
                        .put("line", line)
                        .put("reference", reference)
                        .put("reason", check.reason())
                        .put("detail", check.detail()));
            }
        }
        return report;
    }
}
