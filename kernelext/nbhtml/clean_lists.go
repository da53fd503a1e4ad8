package nbhtml

// elements are kept, by namespace: those of HTML ("") that structure text, those of drawings and of formulas.
var elements = map[string]map[string]bool{
	"": set(`a abbr b bdi bdo big blockquote br caption center cite code col colgroup dd del details dfn div dl dt em
		figcaption figure font h1 h2 h3 h4 h5 h6 hr i img input ins kbd li mark meter nobr ol p pre progress q rp rt ruby s samp
		section small span strike strong sub summary sup table tbody td tfoot th thead time tr tt u ul var wbr`),
	"svg": set(`svg g path rect circle ellipse line polyline polygon text tspan textPath title desc defs use symbol clipPath
		mask pattern marker linearGradient radialGradient stop image animate animateTransform animateMotion set`),
	"math": set(`math mrow mi mn mo ms mtext mspace mfrac msqrt mroot msub msup msubsup munder mover munderover mtable mtr mtd
		mstyle mpadded mphantom menclose merror semantics mmultiscripts mprescripts`),
}

// dropped go with all that is in them.
var dropped = set(`script style iframe object embed applet noscript template head title textarea select option canvas audio
	video source track frameset frame noframes noembed xmp plaintext link meta base param foreignobject annotation annotation-xml
	portal`)

// void elements of HTML have no end tag.
var void = set(`br col hr img input wbr`)

// animations change an attribute of a drawing without a script; animated are those that they may.
var (
	animations = set(`animate animateTransform set`)
	animated   = set(`opacity fill fill-opacity stroke stroke-opacity stroke-width stroke-dashoffset stroke-dasharray visibility display
		x y x1 y1 x2 y2 cx cy r rx ry width height d points transform font-size offset stop-color`)
)

// ours are the classes of our own markup; others would mix with the page's.
var ours = set(`k s n c f b m formula absent`)

var attributes = set(`alt title width height align valign colspan rowspan span scope start type value reversed open dir lang
	role datetime border cellpadding cellspacing bgcolor color face size checked min max low high optimum nowrap`)

var formulas = set(`display displaystyle scriptlevel stretchy accent accentunder movablelimits largeop symmetric fence separator
	lspace rspace form minsize maxsize mathvariant linethickness width height depth voffset notation dir columnalign rowalign
	columnspan rowspan columnlines rowlines`)

var drawing = set(`width height viewBox preserveAspectRatio version x y x1 y1 x2 y2 cx cy r rx ry fx fy fr d points transform
	dx dy rotate textLength lengthAdjust pathLength
	fill fill-opacity fill-rule stroke stroke-width stroke-opacity stroke-linecap stroke-linejoin stroke-miterlimit
	stroke-dasharray stroke-dashoffset opacity color display visibility overflow clip-path clip-rule mask marker-start marker-mid
	marker-end paint-order vector-effect shape-rendering text-rendering image-rendering color-interpolation
	font-family font-size font-style font-weight font-variant font-stretch letter-spacing word-spacing text-anchor
	text-decoration dominant-baseline alignment-baseline baseline-shift writing-mode direction
	offset stop-color stop-opacity gradientUnits gradientTransform spreadMethod
	patternUnits patternContentUnits patternTransform clipPathUnits maskUnits maskContentUnits
	markerUnits markerWidth markerHeight refX refY orient
	attributeName attributeType begin dur end repeatCount repeatDur values from to by keyTimes keySplines calcMode additive
	accumulate path keyPoints role focusable xml:space`)

// cssFunctions are those that compute a colour, a length or a place, and url, which may only be local.
var cssFunctions = map[string]bool{"": true, "url": true, "rgb": true, "rgba": true, "hsl": true, "hsla": true, "oklch": true,
	"calc": true, "min": true, "max": true, "clamp": true, "minmax": true, "repeat": true, "fit-content": true,
	"translate": true, "translatex": true, "translatey": true, "scale": true, "scalex": true, "scaley": true, "rotate": true,
	"skew": true, "skewx": true, "skewy": true, "matrix": true, "linear-gradient": true, "radial-gradient": true,
	"light-dark": true, "color-mix": true}
