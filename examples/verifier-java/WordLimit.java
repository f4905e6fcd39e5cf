package com.example;

import io.sppostream.events.Rollout;
import io.sppostream.events.VerdictStatus;
import io.sppostream.verify.Judgement;
import io.sppostream.verify.Verifier;
import java.util.Map;
import java.util.Set;
import java.util.StringTokenizer;

/** Right where the response has no more than so many words. */
public final class WordLimit implements Verifier {
    private final int most;

    /** As it is found: with the limit that holds where no other is set. */
    public WordLimit() {
        this(200);
    }

    private WordLimit(int most) {
        this.most = most;
    }

    @Override
    public String name() {
        return "word-limit";
    }

    @Override
    public String version() {
        return "1";
    }

    @Override
    public Verifier with(Map<String, String> settings) {
        if (!Set.of("most").containsAll(settings.keySet())) {
            throw new IllegalArgumentException("it takes one setting, most; given are " + settings.keySet());
        }
        try {
            return new WordLimit(Integer.parseInt(settings.getOrDefault("most", "200")));
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("most = " + settings.get("most") + ": a number of words is needed");
        }
    }

    @Override
    public Judgement judge(Rollout rollout) {
        int words = new StringTokenizer(rollout.getText()).countTokens();
        return words <= most
                ? Judgement.correct(words + " words", "within-limit")
                : Judgement.wrong(VerdictStatus.INCORRECT, words + " words", "too-long");
    }
}
