package io.sppostream.history.recorded;

import io.sppostream.events.Prompt;
import io.sppostream.log.LogCursor;
import io.sppostream.log.LogException;
import java.util.HashMap;
import java.util.Map;

/** The recorded prompts, by request, asked for nearly in the order of the topic. For one thread. */
public final class RecordedPrompts implements AutoCloseable {
    private final LogCursor<Prompt> cursor;
    private final Map<String, Prompt> read = new HashMap<>();

    /** @param cursor on the topic; closed with this */
    public RecordedPrompts(LogCursor<Prompt> cursor) {
        this.cursor = cursor;
    }

    /**
     * Takes the prompt of a request; each can be taken once.
     *
     * @throws LogException where there is none
     */
    public Prompt take(String requestId) {
        Prompt prompt = read.remove(requestId);
        while (prompt == null) {
            if (!cursor.hasNext()) {
                throw new LogException("request " + requestId
                        + " has left records and no prompt: ./sppo audit says what else is wrong");
            }
            Prompt next = cursor.next().event();
            if (next.getRequestId().equals(requestId)) {
                prompt = next;
            } else {
                read.put(next.getRequestId(), next);
            }
        }
        return prompt;
    }

    @Override
    public void close() {
        cursor.close();
    }
}
