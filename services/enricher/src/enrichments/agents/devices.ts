// Kinds of devices, by words in user agents and in the client hint of the model. The first row that matches names the
// kind.

/** Every value of `device_type`. `mobile` is a phone, `console` a game console, `headset` one for virtual reality. */
export const DEVICE_TYPES = [
  ...(['desktop', 'mobile', 'tablet', 'tv', 'console', 'headset', 'watch', 'car', 'bot'] as const),
]

export type DeviceType = (typeof DEVICE_TYPES)[number]

export const DEVICES: readonly (readonly [DeviceType, RegExp])[] = [
  ['desktop', /\bPC; OpenHarmony\b|\(2in1;/],

  [
    'headset',
    /\bOculusBrowser\b|\bQuest(?: \d| Pro|[;) ])|\bMobile VR\b|\bVive Focus|\bWolvic\b|\bGlass \d/i,
  ],
  ['headset', /\bPico (?:Neo|\d|G2|A\d)|\bPicoBrowser\b|\bApple Vision|\bvisionOS\b|\bRealityDevice/i],

  ['console', /\bPlayStation\b|\bPSP \(|\bNintendo\b|\bXbox\b|\bSEGA|Dreamcast|\bDreamPassport\b|\bOUYA\b/i],
  ['console', /\bSteam Deck\b|\bSHIELD(?! Android)\b|\bGAMEPAD|\bRetroid\b/i],

  ['watch', /\bAndroid [^)]*\w{0,20}Watch\b|[(; ]Watch[;)]/],
  ['watch', /\bwatchOS\b|\bWatch\d,\d|\bWear ?OS\b|\bSM-R[789]\d\d|\bGear (?:S\d?|Live)\b|\bMoto 360\b/i],

  ['car', /\bTesla\/|\bQtCarBrowser\b|\bAndroid Automotive|\bAFTLFT|\bCarPad|\bPolestar\b/i],

  [
    'tv',
    /\bSMART[- ]?TV\b|\bSmartTV|\bHbbTV\b|\b(?:Google|Android|Apple|Opera|TiVo|Mi|Philips|LG|LGE|Sony) ?TV\b/i,
  ],
  [
    'tv',
    /\btvOS\b|\bAppleTV\d|\bAFT[A-Z]\w*|\bBRAVIA\b|\bRoku\b|\bCrKey\b|\bChromecast\b|\bNetCast\b|\bWeb0S\b|\bwebOS\.TV\b/i,
  ],
  [
    'tv',
    /\bVIDAA\b|\bNETTV\b|\bSonyDTV|\bInettvBrowser\b|\bMiTV|\bMi ?Box|\bSHIELD Android|\bSet-?Top|\bSTB\b/i,
  ],
  [
    'tv',
    /\bViera\b|\bCE-HTML\b|\bLarge Screen\b|\bFreebox|\bTV Bro\b|\bTV Safari\b|\bMaple\b|\bNexus Player\b/i,
  ],
  [
    'tv',
    /\bAQUOS(?:BD|TV|-AS)|\bTSBNetTV|\bOMI\/|\bEspial|\bTiVo|\bVizio|\bSRAF\b|\bSonyCEBrowser\b|\bKreaTV\b/i,
  ],
  ['tv', /\bmbxtWebKit\b|\bGTV\d|\bNSZ-G|\bVAP\d{3}|\bMagicBox\b|\bPOV_TV|\bDVB\b|_U?F?HD(?: Build|\))/i],
  [
    'tv',
    /\bAndroid [^)]{0,60}(?:[; _-](?:(?:Smart|[48]K|UHD|LED) )?TV\b|\b(?:LED|KDL|KD)-?\d\d|Box\b|\bShell\b|\bStick\b)/i,
  ],

  [
    'tablet',
    /\biPad|\bTablet\b(?! PC)|\bTablet_|\bKF[A-Z]{2,5}\b|\bKindle\b|\bPlayBook\b|\bTouchPad\b|\bNOOK|\bBNTV/i,
  ],
  [
    'tablet',
    /\bNexus (?:7|9|10)\b|\bPixel (?:C|Tablet)\b|\bXoom\b|\bTransformer\b|\b(?:Iconia|Slate)\b|\bIdea ?Tab/i,
  ],
  ['tablet', /\bSM-[TXP]\d{3}|\bGT-P\d{4}|\bSCH-I800\b|\bSGP\d{3}|\bLG-V\d{3}|\bPMP\d{4}/i],
  [
    'tablet',
    /\bLenovo (?:TB|YT|Tab)|\bTB-[\dX]\w+|\bTB\d{3}|\bYT[3\d]-|\b(?:SHT|AGS\d?|BAH\d?|KOB\d?|JDN|BTV)-/i,
  ],
  ['tablet', /\b\w{0,12}Pad\b|\b\w{0,12}Tab(?:[ _-]?\d|[ _-][A-Z]|\b)|\bPuffin\/[\d.]+[AI]T\b/],
]

/** Phones without a row above. */
export const PHONE =
  /\bMobi|\biP(?:hone|od|h\d)|\bPhone\b|\bMIDP\b|\bOpera M(?:ini|obi)|\bUP\.(?:Browser|Link)|\bW[Aa][Pp]\b|\bJ2ME\b/

/** Phones from before 2010, which name their maker first. */
export const OLD_PHONE =
  /\bProfile\/|\bBlackBerry|\bBB10\b|\bSymb(?:ian|OS)|\bSeries ?[346]0|\bNokia|\bNOKIA|\bPalm(?:OS|Source)?|\bBREW\b|\bSonyEricsson|\bMAUI\b|\bKAIOS\b|\bObigo|\bWindows CE\b|\bhpwOS\/|\bwebOS\/|\bMRE\/|\bMOT-|\bSAMSUNG[- ]|\bSamsung |\bHTC[ _/-]|\bA(?:LCATEL|lcatel)\b|\bP(?:ANTECH|antech)\b|\bLG[E-]|\bUCWEB|\bDoCoMo|\bKDDI|\bSoftBank|\bjig browser/

/** A foldable phone is not a tablet, although its user agent drops the word Mobile. */
export const FOLDABLE = /\bSM-F\d{3}|\bPixel \d+ Pro Fold\b|\bPixel Fold\b/
