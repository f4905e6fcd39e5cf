@NullMarked
package io.sppostream.sppo.replay;

import org.jspecify.annotations.NullMarked;
